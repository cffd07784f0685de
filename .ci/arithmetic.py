"""Print which kernels of OpenBLAS run and which processor numba compiles for.

Fails where the variables ``OPENBLAS_CORETYPE`` and ``NUMBA_CPU_NAME`` are set and not heard.
"""

import os
import sys

import numpy  # noqa: F401
import scipy.linalg  # noqa: F401
import threadpoolctl
from numba.core.registry import cpu_target


def main():
    """Print one line for each library of linear algebra, and one for numba."""
    libraries = threadpoolctl.ThreadpoolController().select(user_api="blas").info()
    for library in libraries:
        print(f"{library['internal_api']} {library['version']}: {library.get('architecture')}")
    processor = cpu_target.target_context.codegen().magic_tuple()[1]
    print(f"numba: {processor}", flush=True)
    kernels = {library.get("architecture") for library in libraries}
    for variable, found in (("OPENBLAS_CORETYPE", kernels), ("NUMBA_CPU_NAME", {processor})):
        wanted = os.environ.get(variable)
        if wanted and {str(name).lower() for name in found} != {wanted.lower()}:
            sys.exit(f"{variable}={wanted}, but what runs is {sorted(map(str, found)) or 'no OpenBLAS'}")


if __name__ == "__main__":
    main()
