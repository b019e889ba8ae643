
;
x0Placeholder*
dtype0*
shape:
v
Dilation2D/filterConst*
dtype0*M
valueDBB"0­½ø½ZØë>éÕ®¿›µ>8ÆV¿=8'¿×'?s2Ä¿îİ'¿ò©¾·g?%@7¾
s

Dilation2D
Dilation2Dx0Dilation2D/filter*
T0*
paddingSAME*
rates
*
strides

)
IdentityIdentity
Dilation2D*
T0
!
y0IdentityIdentity*
T0
f
	expect/y0Const*
dtype0*E
value<B:"$ÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿ
d
feed/x0Const*
dtype0*E
value<B:"$*)?RĞ–¿õaÉ¿dë‚¾KÚ·?öPÑ>HØ¿›ô7¿€!œ?"ª