
3
x0Placeholder*
dtype0*
shape
:
C
einsum/EinsumEinsumx0*
N*
T0*
equationij->ji
,
IdentityIdentityeinsum/Einsum*
T0
!
y0IdentityIdentity*
T0
j
	expect/y0Const*
dtype0*I
value@B>"0/$¾a¹|?DoÁ¿~_Ç¿ÄD˜½úS‡¿}<¿™¢?R"É>Òò@? ]W?.W\¿
h
feed/x0Const*
dtype0*I
value@B>"0/$¾~_Ç¿}<¿Òò@?a¹|?ÄD˜½™¢? ]W?DoÁ¿úS‡¿R"É>.W\¿"ª