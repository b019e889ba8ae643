
7
x0Placeholder*
dtype0*
shape:
3
x1Placeholder*
dtype0*
shape
:
#
truedivRealDivx0x1*
T0
&
IdentityIdentitytruediv*
T0
!
y0IdentityIdentity*
T0
ž
	expect/y0Const*
dtype0*}
valuetBr"`8Gá¿Nž?gsž?Û¬>ÄíD?Œ0Ç=þ
?ô‰Ñ?ý+¸?3È<¿Þ­j¿ïÉ]¾×äw¾ºÎL>ÖJ¿þ†?~
¸=R¾>¹”‚=<Š?a=³¿pÏ@p?"~$?
œ
feed/x0Const*
dtype0*}
valuetBr"`B™¿m)W?9\W?Vðj>‚b?ºå=ní?ñ?ŒX”?.¿@=¿<¥2¾Æv(¾ë.>LØ	¿«z7?.¯Ó=?©Ú>È1–=4M.?Œ_¿žºÒ?yÔ>®~?
D
feed/x1Const*
dtype0*%
valueB"ù-?Ñ9“?¤3N?"ª