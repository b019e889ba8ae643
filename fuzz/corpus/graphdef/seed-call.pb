
:
xPlaceholder*
dtype0*
shape:
*
callPartitionedCallx*
f	R
twiceW
U

twice
in
out
sumAddV2inin
minusNegsum:z:0"
out	minus:y:0