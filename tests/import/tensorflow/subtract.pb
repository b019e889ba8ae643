
7
x0Placeholder*
dtype0*
shape:
3
x1Placeholder*
dtype0*
shape
:

SubSubx0x1*
T0
"
IdentityIdentitySub*
T0
!
y0IdentityIdentity*
T0

	expect/y0Const*
dtype0*}
valuetBr"` èI?¬?Ô9i@ÈK@šy¾ŞÅo¾¬ï>¸d¬¿ø[@CÑ?áßs@…¼m?J¨g@nôø?øÃh@EÓ?¡b?H+"½Ó6Ø¾Â~>ì7@Ù§@ünc@—;3@
œ
feed/x0Const*
dtype0*}
valuetBr"`Ê°ã¿Yœ¿ÎÎ‰?ÈÖ?×¿(´¿¦­½FØ¿>?¯•¾ññ?¡¿»«†?Ø`¿ãˆ?*k¿‘I?ÊÊÃ¾ŞC¿l‘À½‚?„ƒê>(/Ğ?»_?
D
feed/x1Const*
dtype0*%
valueB"mR$Àa…¯¾Ñ®ö¿"ª