
3
x0Placeholder*
dtype0*
shape
:
3
x2Placeholder*
dtype0*
shape
:
3
x1Placeholder*
dtype0*
shape
:
J
einsum/EinsumEinsumx2x1*
N*
T0*
equation	kl,jk->lj
W
einsum/Einsum_1Einsumeinsum/Einsumx0*
N*
T0*
equation	lj,ij->li
.
IdentityIdentityeinsum/Einsum_1*
T0
!
y0IdentityIdentity*
T0
b
	expect/y0Const*
dtype0*A
value8B6"(`¬š¾ö ÀÊ>¾„‚­¾ ÔW¾/Àµâ<­-
?ø¯9¾S/Ÿ?
P
feed/x0Const*
dtype0*1
value(B&"uŠß½*{¼u¿ZÞæ=E(š¿JÝÀ
h
feed/x1Const*
dtype0*I
value@B>"0
"Z?ô°u?qøc?½²¸¾«Õü>Q’’¾Gä›?"…¿—©>´ãÓ¾º>?%Šî=
ˆ
feed/x2Const*
dtype0*i
value`B^"PRÛ¿CéŠ¾óàk¿Fƒþ>zœd?²³‘¿<—î>ut¿ªƒæ¾÷‘O>“DŸ?/û?xµ/?UÝ¾ÐDÅ½Ty(?žRU>‚ÄR>R!â>PT×?"ª