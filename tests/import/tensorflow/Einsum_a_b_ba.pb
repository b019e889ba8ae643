
/
x0Placeholder*
dtype0*
shape:
/
x1Placeholder*
dtype0*
shape:
H
einsum/EinsumEinsumx0x1*
N*
T0*
equation	a,b->ba
,
IdentityIdentityeinsum/Einsum*
T0
!
y0IdentityIdentity*
T0
j
	expect/y0Const*
dtype0*I
value@B>"0= ¾XÖ=:m¼îž3Àòçï?$Þ„¾Š ó?}²¢¿Ç64>l0Q¿ù²?c½š½
@
feed/x0Const*
dtype0*!
valueB"¸ð¿
¥ ?Âð1¾
D
feed/x1Const*
dtype0*%
valueB"“‡ª=•'¿?¬¢¿ ŸÞ>"ª