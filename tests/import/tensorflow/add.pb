
7
x0Placeholder*
dtype0*
shape:
3
x1Placeholder*
dtype0*
shape
:

AddAddV2x0x1*
T0
"
IdentityIdentityAdd*
T0
!
y0IdentityIdentity*
T0
ž
	expect/y0Const*
dtype0*}
valuetBr"`q«Û¾TŠ¾#p¢¾èYò½|ú¥¿ô±¿yëö¿ÂÏ¿×ˆ÷¾ûÃ@? ?	¿L˜Ë?´Yi¾XÁŠ=[2u¿ÈÄ¿©íÚ¿Ukí¿]ÀX AÀ ‡;Oð=Tt?‚Ý™?
œ
feed/x0Const*
dtype0*}
valuetBr"`®~0¾Fý\¼J x½@«>7?!?Eô
?Ä"»Sý>Õ8Ê¾ükW??/å¾MìÖ?ôë<p¦>N|3¿w”¾sc]>%ì’=@¿š¦Œ¿‚H¾=‡ÇR>U?ƒ1¥?
D
feed/x1Const*
dtype0*%
valueB"lƒ¾šö¿@µ½"ª