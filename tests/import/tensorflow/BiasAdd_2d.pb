
3
x0Placeholder*
dtype0*
shape
:
U
BiasAdd/biasConst*
dtype0*1
value(B&"┤Аg┐W?╞╥Ц?╓Я╥?@Ш?╝Ы?─:Щ┐
D
BiasAddBiasAddx0BiasAdd/bias*
T0*
data_formatNHWC
&
IdentityIdentityBiasAdd*
T0
!
y0IdentityIdentity*
T0
О
	expect/y0Const*
dtype0*m
valuedBb"T`▀┼>>╡╪?E@╬╩@M=в?р╤▌=аеш╜pN╛>л┐},@<▐Є?┘@╚╢f?А╝г╜ w>p│?(■=╛╪Т@Z·Я?4═·╛ЎЙї╛
М
feed/x0Const*
dtype0*m
valuedBb"T28е?У'Ш?Й╧V?ЛыM?═`в=Ас┐j░К?ЎSг?Д┐gk?Ш∙А>хPd?6Р>№■О?>Д?Йe?ЛТо┐┤U?Mc|=+О┐Н░7?"к