/* SPDX-License-Identifier: Apache-2.0 */
/* 6 x 16 register tile. */
#define TILE_ROWS 6
#include "kernels/gemm/gemm_tile_simd.h"

const sld_gemm_tile sld_gemm_tile_avx2 = {TILE_ROWS,   TILE_LANES, tile_multiply,
                                          tile_finish, tile_store, tile_store_transposed};
