
7
x0Placeholder*
dtype0*
shape:
D
einsum/EinsumEinsumx0*
N*
T0*
equation	ijk->ki
,
IdentityIdentityeinsum/Einsum*
T0
!
y0IdentityIdentity*
T0
Z
	expect/y0Const*
dtype0*9
value0B." S¿Ô´”>Ùi@vÏS?öJ"À*BlÀd¿
À@K+>
œ
feed/x0Const*
dtype0*}
valuetBr"`Æ¿†®>q€¾Z…(¿–Ñ¯¿ÿ´@9“®¿Â×É¾ó“‘?%}ƒ½¦Ìk¿+ÆŽ¿n™?…QQ?Èø¿p®¿¼
-?áÀÕ?¸ƒ¿zö~?¨ÆÊ¿éÔ¿°-ž¿d¼?"ª