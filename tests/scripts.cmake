# Tests that are Python scripts (standard library only). They find the program in PENSTOCK_PROGRAM, and end with 77 when
# something that they need is not there: ctest then shows them as skipped.
find_program(PYTHON3 python3 REQUIRED)
function(penstock_script_test name seconds)
  add_test(NAME ${name} COMMAND ${PYTHON3} ${ARGN} WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES TIMEOUT ${seconds} SKIP_RETURN_CODE 77
                       ENVIRONMENT "PENSTOCK_PROGRAM=$<TARGET_FILE:penstock>;PYTHONDONTWRITEBYTECODE=1")
endfunction()

penstock_script_test(structure 60 structure_test.py)
penstock_script_test(contract 240 contract/contract_test.py)
penstock_script_test(docs 240 docs/docs_test.py)
