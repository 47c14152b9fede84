# Finds libtorch and makes the target steer::torch. The first of these that is there:
#
#   1. STEER_TORCH, a CMake or environment variable: the folder of a libtorch or of a torch package, or `debian` for
#      Debian's libtorch-dev; it must then be there
#   2. what Torch_DIR or CMAKE_PREFIX_PATH names
#   3. STEER_TORCH_RECORDED: where an installed steer found the libtorch it was built with
#   4. the torch package (2.4 or newer) of the `python3` in front
#   5. the one in .venv/, which tools/install_packages makes
#
# Sets STEER_TORCH_VERSION, STEER_TORCH_PREFIX (its folder), STEER_TORCH_LIBRARY_DIR and STEER_TORCH_WHY
# (which of these it was), or STEER_TORCH_FAULT to one line that says what is wrong. libtorch's own
# TorchConfig.cmake is not used: for builds with CUDA it asks for CUDA's compiler, which steer does not need,
# and it takes libraries from wherever the linker looks first.

set(_steer_tools ${CMAKE_CURRENT_LIST_DIR}/../tools)

# The torch package that a Python imports, in `out`; empty when it has none that is new enough.
function(_steer_torch_of_python python out)
  set(${out} "" PARENT_SCOPE)
  if(NOT python OR NOT EXISTS ${_steer_tools}/torch_prefix.py)
    return()
  endif()
  execute_process(COMMAND ${python} ${_steer_tools}/torch_prefix.py OUTPUT_VARIABLE prefix RESULT_VARIABLE failed
    OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  if(NOT failed)
    set(${out} ${prefix} PARENT_SCOPE)
  endif()
endfunction()

# Whether a folder has a libtorch; `out` becomes the folder itself, for prefixes and for their share/cmake
# alike.
function(_steer_torch_in folder out)
  set(${out} "" PARENT_SCOPE)
  foreach(prefix ${folder} ${folder}/../.. ${folder}/../../..)
    get_filename_component(prefix ${prefix} ABSOLUTE)
    if(EXISTS ${prefix}/include/torch/csrc/api/include/torch/version.h AND EXISTS ${prefix}/lib/libtorch.so)
      set(${out} ${prefix} PARENT_SCOPE)
      return()
    endif()
  endforeach()
endfunction()

function(_steer_choose_torch)
  set(prefix "")
  set(_steer_prefix "" PARENT_SCOPE)
  # Kept, so that a build that configures itself again chooses the same.
  if(NOT STEER_TORCH AND DEFINED ENV{STEER_TORCH})
    set(STEER_TORCH "$ENV{STEER_TORCH}" CACHE STRING "libtorch's folder, or the word debian" FORCE)
  endif()
  set(asked ${STEER_TORCH})
  if(asked STREQUAL "debian")
    set(prefix /usr)
    set(why "STEER_TORCH=debian")
  elseif(asked)
    _steer_torch_in(${asked} prefix)
    if(NOT prefix)
      set(STEER_TORCH_FAULT "[torch] STEER_TORCH: expected the folder of a libtorch or torch package (include/torch, lib/libtorch.so) or the word debian but got ${asked}" PARENT_SCOPE)
      return()
    endif()
    set(why "STEER_TORCH")
  endif()
  if(NOT prefix)
    set(named "${Torch_DIR};$ENV{Torch_DIR};${CMAKE_PREFIX_PATH};$ENV{CMAKE_PREFIX_PATH}")
    string(REPLACE ":" ";" named "${named}")
    foreach(folder ${named})
      if(NOT prefix)
        _steer_torch_in(${folder} prefix)
      endif()
    endforeach()
    set(why "CMAKE_PREFIX_PATH or Torch_DIR")
  endif()
  if(NOT prefix AND STEER_TORCH_RECORDED)
    if(STEER_TORCH_RECORDED STREQUAL "/usr")
      set(prefix /usr)
    else()
      _steer_torch_in(${STEER_TORCH_RECORDED} prefix)
    endif()
    set(why "where steer was built with it")
  endif()
  if(NOT prefix)
    find_program(python python3 NO_CACHE)
    _steer_torch_of_python("${python}" prefix)
    set(why "the torch of ${python}")
  endif()
  if(NOT prefix AND EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/.venv/bin/python)
    _steer_torch_of_python(${CMAKE_CURRENT_SOURCE_DIR}/.venv/bin/python prefix)
    set(why "the torch in .venv")
  endif()
  set(_steer_prefix ${prefix} PARENT_SCOPE)
  set(_steer_why ${why} PARENT_SCOPE)
endfunction()

# The version in a version.h, whichever of its two places has it.
function(_steer_torch_version include out)
  set(version "")
  foreach(header torch/headeronly/version.h torch/csrc/api/include/torch/version.h)
    if(EXISTS ${include}/${header} AND NOT version)
      foreach(part MAJOR MINOR PATCH)
        file(STRINGS ${include}/${header} line REGEX "^#define TORCH_VERSION_${part} ")
        if(line MATCHES " ([0-9]+)$")
          list(APPEND version ${CMAKE_MATCH_1})
        endif()
      endforeach()
    endif()
  endforeach()
  list(JOIN version "." version)
  set(${out} ${version} PARENT_SCOPE)
endfunction()

# The parts of the libtorch at `prefix`, and whether its library is that of its headers: another release's
# compiles, links and crashes. The library bears its version in a text.
macro(_steer_inspect_torch prefix)
  if("${prefix}" STREQUAL "/usr")
    set(_steer_include /usr/include)
    find_library(_steer_libtorch torch PATHS /usr/lib /usr/lib/${CMAKE_LIBRARY_ARCHITECTURE} NO_DEFAULT_PATH NO_CACHE)
  else()
    set(_steer_include ${prefix}/include)
    set(_steer_libtorch ${prefix}/lib/libtorch.so)
  endif()
  get_filename_component(STEER_TORCH_LIBRARY_DIR "${_steer_libtorch}" DIRECTORY)
  _steer_torch_version(${_steer_include} STEER_TORCH_VERSION)
  set(_steer_checked "${STEER_TORCH_LIBRARY_DIR} ${STEER_TORCH_VERSION}")
  if("${prefix}" STREQUAL "")
    set(STEER_TORCH_FAULT "[torch] expected libtorch in CMAKE_PREFIX_PATH, in python3 (2.4 or newer), in .venv (tools/install_packages makes it) or in STEER_TORCH but found none")
  elseif(NOT EXISTS "${_steer_libtorch}" OR NOT STEER_TORCH_VERSION)
    set(STEER_TORCH_FAULT "[torch] ${prefix}: expected headers and libraries of libtorch but some are missing")
  elseif(NOT STEER_TORCH_CHECKED STREQUAL _steer_checked)
    string(REGEX MATCH "^[0-9]+\\.[0-9]+" _steer_release ${STEER_TORCH_VERSION})
    string(REPLACE "." "\\." _steer_release ${_steer_release})
    execute_process(COMMAND grep -aqE "(^|[^0-9.])${_steer_release}\\.[0-9]" ${STEER_TORCH_LIBRARY_DIR}/libtorch_cpu.so
      RESULT_VARIABLE _steer_differs)
    if(_steer_differs)
      set(STEER_TORCH_FAULT "[torch] ${_steer_libtorch}: expected libtorch ${STEER_TORCH_VERSION}, as the headers in ${_steer_include} are, but got another version")
    else()
      set(STEER_TORCH_CHECKED "${_steer_checked}" CACHE INTERNAL "")
    endif()
  endif()
endmacro()

set(STEER_TORCH_FAULT "")
_steer_choose_torch()
set(STEER_TORCH_PREFIX "${_steer_prefix}")
set(STEER_TORCH_WHY "${_steer_why}")
if(NOT STEER_TORCH_FAULT)
  _steer_inspect_torch("${STEER_TORCH_PREFIX}")
endif()

if(NOT STEER_TORCH_FAULT AND NOT TARGET steer::torch)
  add_library(steer::torch INTERFACE IMPORTED)
  set(_steer_includes ${_steer_include}/torch/csrc/api/include)
  if(NOT _steer_include STREQUAL "/usr/include")
    list(PREPEND _steer_includes ${_steer_include})
  endif()
  target_include_directories(steer::torch SYSTEM INTERFACE ${_steer_includes})
  # libtorch.so names nothing that a program calls, yet loads the parts (CUDA) that announce themselves when
  # loaded. What these need in turn is found when the program starts.
  target_link_libraries(steer::torch INTERFACE -Wl,--no-as-needed ${_steer_libtorch} -Wl,--as-needed
    ${STEER_TORCH_LIBRARY_DIR}/libtorch_cpu.so ${STEER_TORCH_LIBRARY_DIR}/libc10.so -Wl,--allow-shlib-undefined)
  # 2.9 asks for C++20, releases before it for C++17.
  if(STEER_TORCH_VERSION VERSION_GREATER_EQUAL 2.9)
    target_compile_features(steer::torch INTERFACE cxx_std_20)
  else()
    target_compile_features(steer::torch INTERFACE cxx_std_17)
  endif()
  # Some older packages are built with the string of before C++11.
  set(_steer_config ${STEER_TORCH_PREFIX}/share/cmake/Torch/TorchConfig.cmake)
  if(EXISTS ${_steer_config})
    file(STRINGS ${_steer_config} _steer_old_strings REGEX "_GLIBCXX_USE_CXX11_ABI=0")
    if(_steer_old_strings)
      target_compile_definitions(steer::torch INTERFACE _GLIBCXX_USE_CXX11_ABI=0)
    endif()
  endif()
endif()
