
:
xPlaceholder*
dtype0*
shape:

enterEnterx

mergeMergeenternext

nextNextIterationmerge

exitExitmerge

variable
VariableV2

yMulvariableexit