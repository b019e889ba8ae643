
3
x0Placeholder*
dtype0*
shape
:
3
x1Placeholder*
dtype0*
shape
:
J
einsum/EinsumEinsumx0x1*
N*
T0*
equation	ij,kl->il
,
IdentityIdentityeinsum/Einsum*
T0
!
y0IdentityIdentity*
T0
v
	expect/y0Const*
dtype0*U
valueLBJ"<Å#>sFÅ¾úEÍ?É<ß½ŒwE?ğ>S‘¿1ø–@j.¤¾o:@ä6Ö=?:¾‚w†?<’½iZ?
h
feed/x0Const*
dtype0*I
value@B>"0U19½XÌì½Õ~×¾Œ¦?­Ùë?*H¾°@¿
æ‹?mëk?%²)?­U·¿<“£>
`
feed/x1Const*
dtype0*A
value8B6"(´¢X>œµŒ¾‡Ãô>@ˆ
¾ ´Ø>û‰'<òL…¾¢íß?’„¼qì%?"ª