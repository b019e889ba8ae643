
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
MulMulx0x1*
T0
"
IdentityIdentityMul*
T0
!
y0IdentityIdentity*
T0
ž
	expect/y0Const*
dtype0*}
valuetBr"`õVó¾iu|?ÃÅí¿®µÐ¿3ž¾•º¶>bš!À(q¿ßj>T{3?L’0¾´½°<ð»­¿{Qê>RïÊ?e{@¹Ç½¼Õ€?o¬‹?›Ð@:=Mý?mìe¿ŠR¿
œ
feed/x0Const*
dtype0*}
valuetBr"`ã	§¾[L-?“7£¿cD¿÷ L>i[l¾üÑ?MÁ>(3?ÔPæ?É”â¾|Ìb=S„n¿‘Ø >”M‹?ëáµ?V®<c¥&¿lª4¿'€ª¿Ç…7>áë´?¡…À³À
D
feed/x1Const*
dtype0*%
valueB"þwº?6êÅ¿DÇ>"ª