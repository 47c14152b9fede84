// What the library throws, as Python's exceptions.
#include "python/_steer.h"

#include <c10/util/Exception.h>
#include <torch/csrc/Exceptions.h>

#include "steer/core/check.h"
#include "steer/core/interruption.h"

namespace steer {
namespace {

// The class steer.Error; it lives as long as the interpreter.
PyObject* error_class = nullptr;

void translate(std::exception_ptr thrown) {
  try {
    if (thrown) std::rethrow_exception(thrown);
  } catch (python_error& error) {  // torch's own: something raised within a backward pass
    error.restore();
  } catch (const Error& error) {
    PyErr_SetString(error_class, error.what());
  } catch (const Interrupted& error) {
    PyErr_SetString(PyExc_KeyboardInterrupt, error.what());
  } catch (const c10::Error& error) {
    PyErr_SetString(PyExc_RuntimeError, error.what_without_backtrace());
  }
}

}  // namespace

void bind_errors(py::module_& m) {
  error_class = PyErr_NewExceptionWithDoc(
      "steer.Error", "What the library refuses, in one line: [what] where: expected this but got that.",
      PyExc_RuntimeError, nullptr);
  m.attr("Error") = py::reinterpret_borrow<py::object>(error_class);
  py::register_local_exception_translator(translate);
}

}  // namespace steer
