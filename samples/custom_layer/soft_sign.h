/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SAMPLE_SOFT_SIGN_H
#define SAMPLE_SOFT_SIGN_H

#include "solder/plugin.h"

extern const solder_plugin soft_sign;

#endif
