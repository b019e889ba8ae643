
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
*
AddNAddNx0x1x0*
N*
T0
#
IdentityIdentityAddN*
T0
!
y0IdentityIdentity*
T0
R
	expect/y0Const*
dtype0*1
value(B&"ã,Ö?Wx+À+›½†mæ¿Dµ½?Ö­ú¿
P
feed/x0Const*
dtype0*1
value(B&"TÓg?1­v¿O$>éÜ•¿XÔ|?!™¿
P
feed/x1Const*
dtype0*1
value(B&"‰3¾ù†@¿êÊ¾—˜
?Q|ü¾®š>"ª