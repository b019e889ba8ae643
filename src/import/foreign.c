/* SPDX-License-Identifier: Apache-2.0 */
/* Files that people give for models, by what they begin with. */
#include "import/import.h"

static const struct {
    size_t offset;
    const char *begin, *is;
} kinds[] = {
    {0, "\x89SLD", "is a plan already: solder run runs it"},
    {0, "\x89HDF",
     "is an HDF5 file, as Keras writes them: load it, freeze the model with "
     "convert_variables_to_constants_v2 and give the graph"},
    {0, "PK\x03\x04",
     "is a zip archive, as Keras (.keras) and PyTorch (.pt) write them: give a "
     "frozen graph or an ONNX file of the model"},
    {0, "\x80\x02", "is a pickle, as PyTorch wrote them: export the model to ONNX"},
    {4, "TFL3", "is a TensorFlow Lite model: give the frozen graph it was made from"},
    {0, "\x1f\x8b", "is compressed (gzip): unpack it"},
    {0, "version https://git-lfs", "is a pointer of Git LFS, not the file: run git lfs pull"},
    {0, "<", "is a page or a description in XML, not a model"},
};

const char *sld_import_foreign(const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(kinds); i++) {
        size_t offset = kinds[i].offset, length = strlen(kinds[i].begin);
        if (size >= offset + length && memcmp(data + offset, kinds[i].begin, length) == 0) {
            return kinds[i].is;
        }
    }
    return NULL;
}
