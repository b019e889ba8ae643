/* SPDX-License-Identifier: Apache-2.0 */
/* A sld_run as a plugin sees it; shared by the files that call plugins. */
#ifndef SLD_PLUGIN_PLUGIN_CALL_H
#define SLD_PLUGIN_PLUGIN_CALL_H

#include "plugin/plugin.h"

typedef struct sld_plugin_frame {
    solder_plugin_call call;
    const sld_run *run;
    sld_diag *diag; /* NULL: nobody listens */
    bool told;      /* the plugin said why it fails */
    solder_plugin_tensor in[SLD_MAX_INPUTS], out[SLD_MAX_OUTPUTS];
} sld_plugin_frame;

/* Not to be copied afterwards: the call points into the frame. */
void sld_plugin_frame_init(sld_plugin_frame *frame, const sld_run *run, sld_diag *diag);
/* A failure in the plugin's own words or in ours; a status that does not exist becomes INTERNAL. */
solder_status sld_plugin_failed(const sld_plugin_frame *frame, solder_status status,
                                const char *callback);

#endif
