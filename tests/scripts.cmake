# Tests that are Python scripts (standard library only). They find the program in PENSTOCK_PROGRAM, and end with 77 when
# something that they need is not there: ctest then shows them as skipped.
find_program(PYTHON3 python3 REQUIRED)
function(penstock_script_test name seconds)
  add_test(NAME ${name} COMMAND ${PYTHON3} ${ARGN} WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES TIMEOUT ${seconds} SKIP_RETURN_CODE 77
                       ENVIRONMENT "PENSTOCK_PROGRAM=$<TARGET_FILE:penstock>;PYTHONDONTWRITEBYTECODE=1")
  if(PENSTOCK_SANITIZE MATCHES address)
    set_property(TEST ${name} APPEND PROPERTY ENVIRONMENT
                 "ASAN_OPTIONS=suppressions=${CMAKE_CURRENT_SOURCE_DIR}/sanitizers.supp")
  endif()
endfunction()

penstock_script_test(structure 60 structure_test.py)
penstock_script_test(contract 240 contract/contract_test.py)
penstock_script_test(docs 240 docs/docs_test.py)

# A script through Prism, if there is a description of a vendor that it names.
file(STRINGS ${CMAKE_CURRENT_SOURCE_DIR}/contract/descriptions.py described_vendors REGEX "^    \"[a-z_]+\": Described")
list(TRANSFORM described_vendors REPLACE "^    \"([a-z_]+)\".*" "\\1")
function(penstock_contract_test name script)
  file(STRINGS ${script} vendors REGEX "^    vendor = \"")
  list(TRANSFORM vendors REPLACE ".*\"(.*)\"" "\\1")
  foreach(vendor ${vendors})
    if(vendor IN_LIST described_vendors)
      penstock_script_test(${name} 300 ${script})
      set_property(TEST ${name} APPEND PROPERTY ENVIRONMENT "PENSTOCK_THROUGH_PRISM=1")
      return()
    endif()
  endforeach()
endfunction()

# The stand-ins of the vendors: by themselves, and with the vendors' own API descriptions as the judge.
file(GLOB dialect_tests CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/sandbox/*_test.py)
foreach(script ${dialect_tests})
  get_filename_component(name ${script} NAME_WE)
  string(REPLACE "_test" "" name ${name})
  penstock_script_test(sandbox_${name} 120 ${script})
  penstock_contract_test(sandbox_contract_${name} ${script})
endforeach()
# Each shipped connector against the stand-in of its vendor.
file(GLOB connector_tests CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/connectors/*_test.py)
foreach(script ${connector_tests})
  get_filename_component(name ${script} NAME_WE)
  string(REPLACE "_test" "" name ${name})
  penstock_script_test(connector_${name} 120 ${script})
  penstock_contract_test(contract_${name} ${script})
endforeach()
# Some of them against emulators that others have written.
file(GLOB emulator_tests CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/emulators/*_test.py)
foreach(script ${emulator_tests})
  get_filename_component(name ${script} NAME_WE)
  string(REPLACE "_test" "" name ${name})
  penstock_script_test(emulator_${name} 120 ${script})
endforeach()
penstock_script_test(bench 400 bench/bench_test.py)
# Destinations that do not speak HTTP, or not JSON, against real servers.
foreach(store postgres mysql redis files whole s3)
  penstock_script_test(store_${store} 900 stores/${store}_test.py)
endforeach()
add_executable(kafka_cluster stores/kafka_cluster.cpp)
target_link_libraries(kafka_cluster PRIVATE penstock_declare PkgConfig::RDKAFKA)
penstock_script_test(store_kafka 900 stores/kafka_test.py)
set_property(TEST store_kafka APPEND PROPERTY ENVIRONMENT "PENSTOCK_KAFKA_CLUSTER=$<TARGET_FILE:kafka_cluster>")
