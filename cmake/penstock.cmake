# Flags, packages and the one way to add a folder of src/.

add_library(penstock_flags INTERFACE)
target_compile_options(penstock_flags INTERFACE -Wall -Wextra -Wpedantic -Werror -Wshadow -Wconversion
                       -Wno-sign-conversion -fno-omit-frame-pointer)
target_include_directories(penstock_flags INTERFACE ${CMAKE_SOURCE_DIR}/src)
if(CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
  # Line tables are what stack traces need; full debug info doubles the link.
  set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1")
endif()
find_program(MOLD mold)
if(MOLD)
  target_link_options(penstock_flags INTERFACE -fuse-ld=mold)
endif()
if(PENSTOCK_SANITIZE)
  # -O1, and without the checks of pointers that ASan makes as well: they would be a third of the time to compile.
  target_compile_options(penstock_flags INTERFACE -O1 -fsanitize=${PENSTOCK_SANITIZE} -fno-sanitize-recover=all
                         -fno-sanitize=null,vptr,object-size)
  target_link_options(penstock_flags INTERFACE -fsanitize=${PENSTOCK_SANITIZE})
endif()
if(PENSTOCK_SANITIZE MATCHES address)
  # What the fuzzers are led by; elsewhere it does nothing. So tests and fuzzers are one build.
  target_compile_options(penstock_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(simdjson REQUIRED)
find_package(ZLIB REQUIRED)
find_package(CURL REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(CLI11 REQUIRED)
find_package(GTest REQUIRED)
find_package(benchmark REQUIRED)
pkg_check_modules(PROMETHEUS REQUIRED IMPORTED_TARGET prometheus-cpp-core)
pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(CJOSE REQUIRED IMPORTED_TARGET cjose)
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(MARIADB REQUIRED IMPORTED_TARGET libmariadb)
pkg_check_modules(HIREDIS REQUIRED IMPORTED_TARGET hiredis)
pkg_check_modules(RDKAFKA REQUIRED IMPORTED_TARGET rdkafka)
pkg_check_modules(PQ REQUIRED IMPORTED_TARGET libpq)
pkg_check_modules(MICROHTTPD REQUIRED IMPORTED_TARGET libmicrohttpd)
pkg_check_modules(LUA REQUIRED IMPORTED_TARGET lua5.4-c++)
pkg_check_modules(GIT2 REQUIRED IMPORTED_TARGET libgit2)
pkg_check_modules(ICU REQUIRED IMPORTED_TARGET icu-uc icu-i18n)
# libphonenumber has no .pc file; its headers ask for protobuf's.
find_library(PHONENUMBER phonenumber REQUIRED)

# DuckDB: the prebuilt library and header that ./dev setup unpacked.
set(DUCKDB_DIR ${CMAKE_SOURCE_DIR}/.deps/duckdb)
if(NOT EXISTS ${DUCKDB_DIR}/libduckdb.so)
  message(FATAL_ERROR "DuckDB is not in .deps/duckdb: run ./dev setup")
endif()
add_library(duckdb SHARED IMPORTED)
set_target_properties(duckdb PROPERTIES IMPORTED_LOCATION ${DUCKDB_DIR}/libduckdb.so
                      INTERFACE_INCLUDE_DIRECTORIES ${DUCKDB_DIR} IMPORTED_NO_SONAME FALSE)
add_library(adbc INTERFACE)
target_include_directories(adbc SYSTEM INTERFACE ${CMAKE_SOURCE_DIR}/.deps/adbc)

# The standard headers that nearly every file reads, parsed once: a third of the time of a build.
# -fno-pch-timestamp lets ccache see that nothing changed.
set(PENSTOCK_STANDARD_HEADERS <algorithm> <atomic> <chrono> <coroutine> <cstdint> <cstring> <deque> <functional>
    <map> <memory> <mutex> <optional> <span> <string> <string_view> <utility> <variant> <vector> <fmt/format.h>)
target_compile_options(penstock_flags INTERFACE "$<$<COMPILE_LANGUAGE:CXX>:SHELL:-Xclang -fno-pch-timestamp>")
function(penstock_precompile target)
  if(TARGET penstock_headers)
    target_precompile_headers(${target} REUSE_FROM penstock_headers)
  endif()
endfunction()
file(WRITE ${CMAKE_BINARY_DIR}/penstock_headers.cpp "")
add_library(penstock_headers OBJECT ${CMAKE_BINARY_DIR}/penstock_headers.cpp)
target_link_libraries(penstock_headers PRIVATE penstock_flags fmt::fmt)
target_precompile_headers(penstock_headers PRIVATE ${PENSTOCK_STANDARD_HEADERS})

# Several files are compiled as one: that takes a third of the time, and asks that names in anonymous namespaces be
# unique in a folder. Off for clang-tidy, which looks at one file at a time.
option(PENSTOCK_JOIN "compile several files at once" ON)
function(penstock_join target)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ${PENSTOCK_JOIN} UNITY_BUILD_BATCH_SIZE 10)
endfunction()

# penstock_folder(NAME deps...): src/NAME as a static library of all its .cpp files, and NAME_test of its
# *_test.cpp files. The deps are the only folders it may include (tests/structure checks the arrows).
function(penstock_folder name)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cpp
       ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*/*.cpp)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cpp$")
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  add_library(penstock_${name} STATIC ${sources})
  penstock_join(penstock_${name})
  target_link_libraries(penstock_${name} PUBLIC penstock_flags ${ARGN})
  penstock_precompile(penstock_${name})
  if(tests)
    add_executable(${name}_test ${tests})
    penstock_join(${name}_test)
    target_link_libraries(${name}_test PRIVATE penstock_${name} GTest::gtest_main GTest::gmock)
    penstock_precompile(${name}_test)
    add_test(NAME ${name} COMMAND ${name}_test --gtest_brief=1)
    set_tests_properties(${name} PROPERTIES TIMEOUT 600)
  endif()
endfunction()

# penstock_embed(TARGET LIST PATTERN): writes LIST.inc, which a .cpp of the target includes: one array and one line of a
# list for every file that fits the pattern. So a file that is added there is in the program.
function(penstock_embed target list pattern)
  file(GLOB files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${pattern})
  set(arrays "")
  set(lines "")
  foreach(file ${files})
    get_filename_component(name ${file} NAME_WE)
    string(MAKE_C_IDENTIFIER "k_${name}" array)
    string(APPEND arrays "constexpr char ${array}[] = {\n#embed \"${file}\"\n};\n")
    string(APPEND lines "    {\"${name}\", embedded(${array})},\n")
  endforeach()
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/embedded/${list}.inc
       CONTENT "${arrays}constexpr Embedded kShipped[] = {\n${lines}};\n" @ONLY)
  target_include_directories(${target} PRIVATE ${CMAKE_BINARY_DIR}/embedded)
endfunction()

# penstock_embed_tree(TARGET LIST DIRECTORY): the same for all files below a directory, by their paths. It may be empty,
# or not there: then so is the list.
function(penstock_embed_tree target list directory)
  file(GLOB_RECURSE files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${directory}/*)
  set(arrays "")
  set(lines "")
  set(number 0)
  foreach(file ${files})
    file(RELATIVE_PATH path ${CMAKE_SOURCE_DIR}/${directory} ${file})
    string(APPEND arrays "constexpr char k_${list}_${number}[] = {\n#embed \"${file}\"\n};\n")
    string(APPEND lines "    {\"/${path}\", embedded(k_${list}_${number})},\n")
    math(EXPR number "${number} + 1")
  endforeach()
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/embedded/${list}.inc
       CONTENT "${arrays}constexpr std::array<Embedded, ${number}> kPages = {{\n${lines}}};\n" @ONLY)
  target_include_directories(${target} PRIVATE ${CMAKE_BINARY_DIR}/embedded)
endfunction()
