# The Debian package: `./dev package`, or cpack in the build directory. Nothing is built for it but the program.
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY TRUE)
set(packaging ${CMAKE_SOURCE_DIR}/packaging)
set(packed ${CMAKE_BINARY_DIR}/packaging)
set(doc share/doc/penstock)

# Written by the program itself, and by gzip as Debian wants it: without names and times.
add_custom_command(OUTPUT ${packed}/penstock.1.gz
                   COMMAND ${CMAKE_COMMAND} -E make_directory ${packed}
                   COMMAND $<TARGET_FILE:penstock> man > ${packed}/penstock.1
                   COMMAND gzip -9 -n -f -k ${packed}/penstock.1
                   COMMAND gzip -9 -n -c ${packaging}/debian/changelog > ${packed}/changelog.gz
                   DEPENDS penstock ${packaging}/debian/changelog VERBATIM)
add_custom_command(OUTPUT ${packed}/libduckdb.so
                   COMMAND ${CMAKE_COMMAND} -E make_directory ${packed}
                   COMMAND ${CMAKE_STRIP} --strip-unneeded -o ${packed}/libduckdb.so ${DUCKDB_DIR}/libduckdb.so
                   DEPENDS ${DUCKDB_DIR}/libduckdb.so VERBATIM)
if(PENSTOCK_SANITIZE)
  add_custom_target(package_files)
  return()  # what is built to find mistakes is not for others
endif()
add_custom_target(package_files ALL DEPENDS ${packed}/penstock.1.gz ${packed}/libduckdb.so)

# The library of DuckDB is ours alone, and found beside the program wherever both are unpacked.
set_target_properties(penstock PROPERTIES INSTALL_RPATH "\$ORIGIN/../lib/penstock")
install(TARGETS penstock DESTINATION bin)
install(FILES ${packed}/libduckdb.so DESTINATION lib/penstock)
install(FILES ${packed}/penstock.1.gz DESTINATION share/man/man1)
install(FILES src/cli/completions/penstock.bash DESTINATION share/bash-completion/completions RENAME penstock)
install(FILES src/cli/completions/penstock.zsh DESTINATION share/zsh/vendor-completions RENAME _penstock)
install(FILES src/cli/completions/penstock.fish DESTINATION share/fish/vendor_completions.d)
install(FILES ${packaging}/penstock.service DESTINATION /lib/systemd/system)
install(FILES ${packaging}/environment DESTINATION /etc/penstock)
install(FILES ${packaging}/debian/copyright ${packaging}/debian/README.Debian ${packed}/changelog.gz README.md
        DESTINATION ${doc})
install(DIRECTORY src/config/starter/ DESTINATION ${doc}/examples/starter PATTERN gitignore EXCLUDE)
install(FILES ${packaging}/debian/penstock.lintian-overrides DESTINATION share/lintian/overrides RENAME penstock)

set(CPACK_GENERATOR DEB)
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_THREADS 0)
set(CPACK_PACKAGE_NAME penstock)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_PACKAGE_FILE_NAME penstock_${PROJECT_VERSION}_${CMAKE_SYSTEM_PROCESSOR})
# Who builds a package answers for it.
set(PENSTOCK_MAINTAINER "Penstock <penstock@localhost>" CACHE STRING "of the Debian package: NAME <ADDRESS>")
set(CPACK_PACKAGE_CONTACT ${PENSTOCK_MAINTAINER})
set(CPACK_DEBIAN_PACKAGE_SECTION database)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"carries rows from a warehouse into the tools where people work
Penstock is a reverse-ETL engine: queries on a data warehouse become
contacts, users, audiences and rows in CRMs, support desks, marketing tools
and databases. It compares what would be sent with what each destination
last accepted, and sends only what has changed.
.
Syncs are text files in git. The package brings the program, its library of
DuckDB, and a systemd service with a user of its own.")
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${DUCKDB_DIR})
set(CPACK_DEBIAN_PACKAGE_DEPENDS "adduser, ca-certificates")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "git")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "bash-completion")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${packaging}/debian/postinst ${packaging}/debian/prerm ${packaging}/debian/postrm
    ${packaging}/debian/conffiles)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
include(CPack)
