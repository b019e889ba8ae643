/* SPDX-License-Identifier: Apache-2.0 */
/* A caffemodel for a fixed prototxt with one layer of most kinds that have weights. */
#include "fuzz_import.h"

static const char prototxt[] =
    "name: 'w' layer { name: 'data' type: 'Input' top: 'data'\n"
    "  input_param { shape { dim: 1 dim: 2 dim: 6 dim: 6 } } }\n"
    "layer { name: 'conv' type: 'Convolution' bottom: 'data' top: 'conv'\n"
    "  convolution_param { num_output: 2 kernel_size: 3 pad: 1 } }\n"
    "layer { name: 'bn' type: 'BatchNorm' bottom: 'conv' top: 'bn' }\n"
    "layer { name: 'scale' type: 'Scale' bottom: 'bn' top: 'scale' scale_param { bias_term: true } "
    "}\n"
    "layer { name: 'prelu' type: 'PReLU' bottom: 'scale' top: 'prelu' }\n"
    "layer { name: 'deconv' type: 'Deconvolution' bottom: 'prelu' top: 'deconv'\n"
    "  convolution_param { num_output: 2 kernel_size: 2 stride: 2 } }\n"
    "layer { name: 'fc' type: 'InnerProduct' bottom: 'deconv' top: 'fc'\n"
    "  inner_product_param { num_output: 3 } }\n"
    "layer { name: 'prob' type: 'Softmax' bottom: 'fc' top: 'prob' }\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 0) {
        fuzz_import(&sld_importer_caffe, "fuzz.prototxt",
                    (sld_file){(const uint8_t *)prototxt, sizeof prototxt - 1},
                    (sld_file){data, size});
    }
    return 0;
}
