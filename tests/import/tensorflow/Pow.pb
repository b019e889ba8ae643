
3
x0Placeholder*
dtype0*
shape
:
3
x1Placeholder*
dtype0*
shape
:

AbsAbsx0*
T0

PowPowAbsx1*
T0
"
IdentityIdentityPow*
T0
!
y0IdentityIdentity*
T0
R
	expect/y0Const*
dtype0*1
value(B&"ãw?Ðs‡?<A†?	¹?I|’=¶(ë?
P
feed/x0Const*
dtype0*1
value(B&"kíe¿&a?€ê„?Nà.?";¦> !	À
P
feed/x1Const*
dtype0*1
value(B&"ü™>7‰à¾
¢?Ï¬¸?@?TL?"ª