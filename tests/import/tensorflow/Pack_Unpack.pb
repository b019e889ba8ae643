
7
x0Placeholder*
dtype0*
shape:
5
unstackUnpackx0*
T0*

axis*	
num
J
stackPack	unstack:2	unstack:1unstack*
N*
T0*

axis
$
IdentityIdentitystack*
T0
!
y0IdentityIdentity*
T0
ž
	expect/y0Const*
dtype0*}
valuetBr"`oi:@ÅðŸ¿‚¬;>æ×i?ÍÓ¿¸*Ð>hèª¾ô È¿ÄÆÀO(Ü¿»Ñ.?ˆ>eO,?¸ºà¿Ù²G?V3¨?´Â¡¿l²‹?C
v<•Z¹==YŒ¿¯ãÙ>Bî¯¿5Y?
œ
feed/x0Const*
dtype0*}
valuetBr"`‚¬;>¸*Ð>ÄÆÀˆ>ÅðŸ¿ÍÓ¿ô È¿»Ñ.?oi:@æ×i?hèª¾O(Ü¿Ù²G?l²‹?=YŒ¿5Y?¸ºà¿´Â¡¿•Z¹=Bî¯¿eO,?V3¨?C
v<¯ãÙ>"ª