/* SPDX-License-Identifier: Apache-2.0 */
/* make_plans FOLDER TEXT...: writes FOLDER/<name of TEXT>.bytes, the plan after the passes. */
#include <stdio.h>

#include "passes/pass.h"
#include "plan/plan_write.h"
#include "tactics/tactics.h"

static solder_status make(sld_diag *diag, const char *folder, const char *path)
{
    sld_file file;
    sld_graph *graph;
    SLD_TRY(sld_file_map(diag, path, &file));
    SLD_TRY(sld_graph_read(NULL, diag, (const char *)file.data, file.size, &graph));
    sld_pass_options options = {.alignment = 64};
    SLD_TRY(sld_passes_run(graph, &options));
    sld_tactic_options choice = {.effort = 0};
    SLD_TRY(sld_target_init(diag, "avx2", 1, &choice.target));
    sld_tactic *tactics;
    SLD_TRY(sld_tactics_choose(graph, &choice, &graph->arena, &tactics));
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    char out[4096];
    (void)snprintf(out, sizeof out, "%s/%.*s.bytes", folder, (int)strcspn(name, "."), name);
    sld_writer writer;
    SLD_TRY(sld_writer_open(NULL, diag, out, &writer));
    sld_plan_sink sink = sld_plan_file_sink(&writer);
    SLD_TRY(sld_plan_write(graph, tactics, NULL, diag, &sink));
    SLD_TRY(sld_writer_commit(&writer));
    sld_graph_destroy(graph);
    sld_file_unmap(&file);
    return SOLDER_OK;
}

int main(int argc, char **argv)
{
    sld_diag diag;
    sld_diag_init(&diag, NULL);
    for (int i = 2; i < argc; i++) {
        if (make(&diag, argv[1], argv[i]) != SOLDER_OK) {
            (void)fprintf(stderr, "%s: %s\n", argv[i], diag.message);
            return 1;
        }
    }
    return 0;
}
