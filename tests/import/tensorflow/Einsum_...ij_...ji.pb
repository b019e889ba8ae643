
7
x0Placeholder*
dtype0*
shape:
I
einsum/EinsumEinsumx0*
N*
T0*
equation...ij->...ji
,
IdentityIdentityeinsum/Einsum*
T0
!
y0IdentityIdentity*
T0
ž
	expect/y0Const*
dtype0*}
valuetBr"`¦Ñp>¥RÅ¾âZB¼ãýA?;.@òT¿ú"á¿8”>¶àË?Ý¤Û?øÊæ¿¢€>¹Ù¥?#ÖÍ=}Ä«¾ÆtI¿±9l¿f)ø¾ê^A¿Ñö?u·õ¾2>×(›?Ú?
œ
feed/x0Const*
dtype0*}
valuetBr"`¦Ñp>ãýA?ú"á¿Ý¤Û?¥RÅ¾;.@8”>øÊæ¿âZB¼òT¿¶àË?¢€>¹Ù¥?ÆtI¿ê^A¿2>#ÖÍ=±9l¿Ñö?×(›?}Ä«¾f)ø¾u·õ¾Ú?"ª