
3
x0Placeholder*
dtype0*
shape
:
;
EinsumEinsumx0*
N*
T0*
equationii->i
%
IdentityIdentityEinsum*
T0
!
y0IdentityIdentity*
T0
F
	expect/y0Const*
dtype0*%
valueB"VΌ‰?σφ(ΎρI/Ώ™]Ώ
x
feed/x0Const*
dtype0*Y
valuePBN"@VΌ‰?–’?ο9>Z%'>B@‘Ώσφ(Ύ'jΏ›ΞMΏίƒÿ<ψΤ=ρI/Ώ\ΦΏ.@pΎΛω<¨]­>™]Ώ"ª