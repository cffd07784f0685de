"""Pipelines of numba for functions that only compiled callers use: they become machine code with their callers.

numba optimises and emits every function anew in every caller's module, so that compile time grows with the
depth of calls.  Here a function stays LLVM IR until an entry (a kernel or a callback) links all it needs, and
optimises and emits it once.  This rests on numba's internals; where they look different the plain pipeline
does the same work, slower.
"""

from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler
from numba.core.compiler_machinery import FunctionPass, register_pass
from numba.core.untyped_passes import FixupArgs

NEEDED = (
    "finalize",
    "_finalize_dynamic_globals",
    "get_pointer_to_function",
    "_get_module_for_linking",
    "_optimize_functions",
)
SUPPORTED = all(hasattr(JITCodeLibrary, name) for name in NEEDED)


class _WithoutEnvironment:
    """A codegen whose functions have no environment to set: it belongs to Python's wrapper, which is not made."""

    def __init__(self, codegen):
        self._codegen = codegen

    def set_env(self, env_name, env):
        """Do nothing."""

    def __getattr__(self, name):
        return getattr(self._codegen, name)


class UnoptimisedLibrary(JITCodeLibrary):
    """LLVM IR of one function and, on demand, of all that it calls; never machine code."""

    _whole = None

    @property
    def codegen(self):
        """The codegen that owns this library."""
        return _WithoutEnvironment(self._codegen)

    def _optimize_functions(self, ll_module):
        """Leave the module as it is: the entry's optimisation sees it."""
        ll_module.data_layout = self._codegen._data_layout

    def finalize(self):
        """Close the library."""
        for library in self._linking_libraries:
            getattr(self, "_reload_init", set()).update(getattr(library, "_reload_init", ()))
        self._finalize_dynamic_globals()
        self._finalized = True

    def get_pointer_to_function(self, name):
        """Return 0: there is no machine code."""
        self._ensure_finalized()
        return 0

    def _get_module_for_linking(self):
        """Module of this function and of all that it calls, each free to be dropped where a caller has it too."""
        if self._whole is None:
            self._ensure_finalized()
            module = self._final_module.clone()
            for function in module.functions:
                if not function.is_declaration and function.linkage.name == "external":
                    function.linkage = "linkonce_odr"
            for library in dict.fromkeys(self._linking_libraries):
                module.link_in(library._get_module_for_linking(), preserve=True)
            self._whole = module
        return self._whole


class EntryLibrary(JITCodeLibrary):
    """Machine code of an entry and of all that it calls, whose functions nobody else sees.

    So LLVM may inline a function with one caller, and need not pass what a function does not use: most of the
    seven words of an array.  Their names get the entry's: the linker of machine code must not take one for
    another entry's function of the same name.  numba knows its reference counting by name, so that keeps it.
    """

    def _optimize_final_module(self):
        for function in self._final_module.functions:
            if function.linkage.name == "linkonce_odr" and not function.name.startswith("NRT_"):
                function.linkage = "internal"
                function.name = f"{self.name}.{function.name}"
        super()._optimize_final_module()


@register_pass(mutates_CFG=False, analysis_only=False)
class ChooseLibrary(FunctionPass):
    """Let the function be lowered into the library that its compiler names."""

    _name = "choose_library"

    def __init__(self):
        super().__init__()

    def run_pass(self, state):
        """Set the library before lowering would make the usual one."""
        codegen = state.targetctx.codegen()
        state.library = state.metadata["library_class"](codegen, state.func_id.func_qualname)
        state.library.enable_object_caching()
        return True


class InternalCompiler(Compiler):
    """The default pipeline, with a library of its own."""

    library_class = UnoptimisedLibrary

    def define_pipelines(self):
        """Pipelines, the library's choice first."""
        self.state.metadata["library_class"] = self.library_class
        managers = super().define_pipelines()
        for manager in managers:
            manager.add_pass_after(ChooseLibrary, FixupArgs)
            manager.finalize()
        return managers


class EntryCompiler(InternalCompiler):
    """The same for entries."""

    library_class = EntryLibrary
