# Writes steer_source.h: the version and the commit of the source. Run at every build; the file changes only
# with them. cmake -DSOURCE=dir -DVERSION=x -DOUT=file -P source_version.cmake
cmake_minimum_required(VERSION 3.22)
set(commit unknown)
execute_process(COMMAND git -C ${SOURCE} describe --always --abbrev=10 --dirty=+ --exclude=*
  OUTPUT_VARIABLE described RESULT_VARIABLE failed OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(NOT failed AND described)
  set(commit ${described})
endif()
file(CONFIGURE OUTPUT ${OUT} CONTENT "#define STEER_SOURCE_VERSION \"@VERSION@\"\n#define STEER_SOURCE_COMMIT \"@commit@\"\n"
  @ONLY)
