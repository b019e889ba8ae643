
3
x0Placeholder*
dtype0*
shape
:
3
x1Placeholder*
dtype0*
shape
:
#
GreaterGreaterx0x1*
T0
*
SelectSelectGreaterx0x1*
T0
%
IdentityIdentitySelect*
T0
!
y0IdentityIdentity*
T0
j
	expect/y0Const*
dtype0*I
value@B>"02µ¾Âá—?uƒŸ½Ñ´î¼fz±?8;ˆ?mÒ&?9å?5á°?w9Ò>fKd?z¯?
h
feed/x0Const*
dtype0*I
value@B>"0O—¿Ã>†ì¾ïžÙ¿îÞB?í£>mÒ&?;Z¿5á°?w9Ò>fKd?
/¿
h
feed/x1Const*
dtype0*I
value@B>"02µ¾Âá—?uƒŸ½Ñ´î¼fz±?8;ˆ?E0.>9å?¹¾¿.dç½Ú¿z¯?"ª