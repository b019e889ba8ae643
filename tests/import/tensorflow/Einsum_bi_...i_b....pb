
3
x0Placeholder*
dtype0*
shape
:
7
x1Placeholder*
dtype0*
shape:
N
einsum/EinsumEinsumx0x1*
N*
T0*
equationbi,...i->b...
,
IdentityIdentityeinsum/Einsum*
T0
!
y0IdentityIdentity*
T0
â
	expect/y0Const*
dtype0*À
value¶B³" O>by¨¿I2è¾MQp@¹H
À½ã-¿nÎ×?;}^?6€Œ@9E@MÝ¾¿Ò…?2Ð‰¿è¥?èP”?FRU?vô?|	?¾5€?Ûe,¿61?Õµv?ý5.?&¾”5¾GÊ¾÷Kˆ?$=>4ê=¾\k=;Ñ¾€ W¿¾«¿1;¼¾Hï-=zT²>R©-¿¤´ >7¨Í¿óÏ«¾
P
feed/x0Const*
dtype0*1
value(B&"‹dA=_iÁ?¨ÁÞ¼8p„¾Ï™¼s?
°
feed/x1Const*
dtype0*
value†Bƒ"ð2À1]/>çü:>P¿ò¢R¿ï¦¢?¶rà¾'Ì‰¾™v?#š¿“  @7¿Éæ¿tôµ¿€ß¿kÒn¿ÞBá¾ºF‹¿xÀK%š?O¦G?É/?â¤?vs?•Ç/¿Ð¬:@Œß¿zF™¿³z@Ã¾ ú–=U~¿šžw¾ó9ÿ>[x±>ÈÁš¿õïF?jÆC¿Y¡Æ¿RÝl?M¨²>§£Z¾?åC¿‚CI?¼ç¾X.¿–?nš>º™¿î¼¢?âÔ¿èL¿ÛyÁ>!Î ½7fP?ÜG?ƒÀƒ\¬?_—ù¾÷Tu<"ª