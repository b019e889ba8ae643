
7
x0Placeholder*
dtype0*
shape:
3
x1Placeholder*
dtype0*
shape
:
#
MinimumMinimumx0x1*
T0
&
IdentityIdentityMinimum*
T0
!
y0IdentityIdentity*
T0

	expect/y0Const*
dtype0*}
valuetBr"`ql´¿x`¿x`¿²ja¿´¾=şv¿ÿà=D3½¿áú1¿öì<¿áú1¿áú1¿x`¿x`¿x`¿x`¿¨pR¿ÿà=ÿà=ÿà=áú1¿áú1¿áú1¿áú1¿
œ
feed/x0Const*
dtype0*}
valuetBr"`ql´¿Ô²
?ÇT>²ja¿´¾=şv¿ï@D3½¿Eæ?öì<¿ü?×,5¾Tó–¾ŸÎ‚?åf?GO¾¨pR¿Ø3
@üÙ¾?ì4j>WPV¾şÃ>óS.>Êd¤?
D
feed/x1Const*
dtype0*%
valueB"x`¿ÿà=áú1¿"ª