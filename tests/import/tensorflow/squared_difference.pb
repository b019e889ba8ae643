
7
x0Placeholder*
dtype0*
shape:
3
x1Placeholder*
dtype0*
shape
:
7
SquaredDifferenceSquaredDifferencex0x1*
T0
0
IdentityIdentitySquaredDifference*
T0
!
y0IdentityIdentity*
T0
ž
	expect/y0Const*
dtype0*}
valuetBr"`dÒ?ÎÈ¡@ª ‘>@Ù€?ºT?-•>Ýƒ@¼„@Ž»W>)•>Z)>5¤ú?ëžƒ@³“½?Œ?‘|>3ó@Áˆ™>U&@šœ@?Ï™?ÊÚ>g*3@f.%?
œ
feed/x0Const*
dtype0*}
valuetBr"`Ëbœ?“@0ò>8$ˆ¿'BB¿áäu¾C˜¿¹ð“¿É)¾½˜¯½pX3?¿®àû? ”?Ä`|?ùs¿öåê?1~¾Ô«ô?åX•?!cM¿
¸¾xÈû?ÛoŒ?
D
feed/x1Const*
dtype0*%
valueB"½øv½6G™>€y–>"ª