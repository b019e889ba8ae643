
7
x0Placeholder*
dtype0*
shape:
=
EinsumEinsumx0*
N*
T0*
equation	iij->ij
%
IdentityIdentityEinsum*
T0
!
y0IdentityIdentity*
T0
j
	expect/y0Const*
dtype0*I
value@B>"0U¥¿Ï¢é¿†™u;÷,¿ÔÓj>
ù`¿Ù}Û>¹ì2¾VÙ½5Ø”¿´Ž?Nêa¿
Ð
feed/x0Const*
dtype0*°
value¦B£"U¥¿Ï¢é¿†™u;÷,¿Å?îö´¿…o«?Æµ7¾î O¾qh>¸d6?SO? _ë¿Æ¿Ê^ç>:]?ÔÓj>
ù`¿Ù}Û>¹ì2¾”ß(<´Š?˜$Å½Sðí>‘â»?Vp?Ïôž¿ôf‡¿œ™þ¿<‚ˆ?9¦(¾§m¿VÙ½5Ø”¿´Ž?Nêa¿"ª