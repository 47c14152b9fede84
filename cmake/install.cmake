# What `cmake --install build --prefix PREFIX` and `cpack` put where:
#
#   bin/steer, lib/libsteer.so                  the program and the library
#   include/steer/                              public headers (each folder's HEADERS)
#   lib/cmake/Steer/                            find_package(Steer): the target steer::steer
#   share/steer/models/, share/steer/configs/   the models that ship, and configurations of training
#   share/man, share/bash-completion, share/zsh, share/fish   manual and completions, from the flags themselves
#
# Programs find libtorch where it was when steer was built, or in lib/steer with STEER_BUNDLE_TORCH.

include(CMakePackageConfigHelpers)

option(STEER_BUNDLE_TORCH "Install libtorch's libraries beside steer's, in lib/steer" OFF)
set_target_properties(steer steer_program PROPERTIES
  INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR};$ORIGIN/../${CMAKE_INSTALL_LIBDIR}/steer;$ORIGIN/steer;${STEER_TORCH_LIBRARY_DIR}")
if(STEER_BUNDLE_TORCH)
  file(GLOB libraries ${STEER_TORCH_LIBRARY_DIR}/libtorch.so ${STEER_TORCH_LIBRARY_DIR}/libtorch_cpu.so
    ${STEER_TORCH_LIBRARY_DIR}/libc10.so ${STEER_TORCH_LIBRARY_DIR}/libgomp*.so*)
  install(FILES ${libraries} DESTINATION ${CMAKE_INSTALL_LIBDIR}/steer)
endif()

install(TARGETS steer EXPORT SteerTargets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(TARGETS steer_program RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY models/ DESTINATION ${CMAKE_INSTALL_DATADIR}/steer/models FILES_MATCHING PATTERN "*.safetensors"
  PATTERN "presets/*.json" PATTERN "README.md")
install(DIRECTORY configs/ DESTINATION ${CMAKE_INSTALL_DATADIR}/steer/configs FILES_MATCHING PATTERN "*.json")

set(STEER_CMAKE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/Steer)
install(EXPORT SteerTargets NAMESPACE steer:: DESTINATION ${STEER_CMAKE_DIR})
configure_package_config_file(cmake/SteerConfig.cmake.in ${CMAKE_BINARY_DIR}/SteerConfig.cmake
  INSTALL_DESTINATION ${STEER_CMAKE_DIR})
write_basic_package_version_file(${CMAKE_BINARY_DIR}/SteerConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/SteerConfig.cmake ${CMAKE_BINARY_DIR}/SteerConfigVersion.cmake
  cmake/SteerTorch.cmake DESTINATION ${STEER_CMAKE_DIR})

# The manual and the completions are written by the program that they describe.
set(made ${CMAKE_BINARY_DIR}/made)
file(MAKE_DIRECTORY ${made})
add_custom_command(OUTPUT ${made}/steer.1 ${made}/steer.bash ${made}/_steer ${made}/steer.fish
  COMMAND steer_program manual --out ${made}/steer.1
  COMMAND steer_program completion bash --out ${made}/steer.bash
  COMMAND steer_program completion zsh --out ${made}/_steer
  COMMAND steer_program completion fish --out ${made}/steer.fish
  DEPENDS steer_program VERBATIM)
add_custom_target(steer_manual ALL DEPENDS ${made}/steer.1)
install(FILES ${made}/steer.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${made}/steer.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME steer)
install(FILES ${made}/_steer DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
install(FILES ${made}/steer.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)

# A Debian package: cpack --config build/CPackConfig.cmake. With Debian's libtorch it depends on that; with
# another one, STEER_BUNDLE_TORCH lets the package bring it along.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME steer)
set(CPACK_PACKAGE_CONTACT "the developers of steer")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "train generative models and steer them toward anything you can score")
set(CPACK_PACKAGE_DIRECTORY ${CMAKE_BINARY_DIR}/packages)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${CMAKE_BINARY_DIR} ${STEER_TORCH_LIBRARY_DIR})
set(CPACK_STRIP_FILES ON)
include(CPack)
