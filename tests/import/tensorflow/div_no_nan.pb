
7
x0Placeholder*
dtype0*
shape:
3
x1Placeholder*
dtype0*
shape
:
'

div_no_nanDivNoNanx0x1*
T0
)
IdentityIdentity
div_no_nan*
T0
!
y0IdentityIdentity*
T0

	expect/y0Const*
dtype0*}
valuetBr"`ÈÁ‹º¿;úÀçÀ“À2Ï?b‘V¿¹xL?ñ"L>ì³>À	áZÀ	&•ÀŞ ÀÍß1A{o–¿åHAÈ•2ÁB„¾4R?´‚+=1º?æİU@"µ¢ÀjÖ?ÃCÚ¿
œ
feed/x0Const*
dtype0*}
valuetBr"`ğ™-¿0.×½~®¿'Üª¾Êó?í\¿Ø‡R?…/R>7Ø[?•S|?ºğ«?Äs9?ì°M?ö­½`Q*?\ƒN¿ú¾µnX?È—0=<¸
?^Œv¿@’»?ı-÷¾Fû>
D
feed/x1Const*
dtype0*%
valueB"m”=Ëƒ?\“¾"ª