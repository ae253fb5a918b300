# The Debian package, `cmake --build build/release --target deb`: what is in it, and where. Paths are from the root.
find_program(PYTHON python3)
find_program(GZIP gzip)
if(NOT PYTHON OR NOT GZIP)
  return()
endif()
set(MILLRACE_MAINTAINER "The Millrace authors <millrace@localhost>" CACHE STRING "Who answers for the package")
set(here ${CMAKE_SOURCE_DIR}/deploy/debian)
set(made ${CMAKE_BINARY_DIR}/debian)
set(doc usr/share/doc/millrace)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME millrace)
set(CPACK_PACKAGE_CONTACT ${MILLRACE_MAINTAINER})
set(CPACK_PACKAGE_DIRECTORY ${made})
set(CPACK_PACKAGING_INSTALL_PREFIX /)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION database)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "postgresql-client, redis-tools")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "figures about a PostgreSQL database, exact and live in Redis
A figure is a SQL query and a Redis key. Debezium captures the changes of a
PostgreSQL database, Kafka keeps them, and a node of Millrace turns each one
into the few writes to Redis that it means, so that every figure equals its
own query, whatever dies on the way.

This package has the program with all its verbs, and a unit of systemd that
runs nodes. The servers are not part of it.")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${here}/postinst ${here}/prerm ${here}/postrm)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION TRUE)

# As Debian hardens its programs: what libraries' functions are called by is settled at the start, and then read-only.
target_link_options(millrace PRIVATE -Wl,-z,relro,-z,now)

# Man pages are what the program says of itself.
add_custom_command(OUTPUT ${made}/man.stamp
  COMMAND ${PYTHON} ${here}/man_pages.py $<TARGET_FILE:millrace> ${made}/man
  COMMAND ${CMAKE_COMMAND} -E touch ${made}/man.stamp
  DEPENDS millrace ${here}/man_pages.py)
configure_file(${here}/changelog.in ${made}/changelog.Debian @ONLY)
add_custom_command(OUTPUT ${made}/changelogs.stamp
  COMMAND ${GZIP} -9nc ${made}/changelog.Debian > ${made}/changelog.Debian.gz
  COMMAND ${GZIP} -9nc ${CMAKE_SOURCE_DIR}/CHANGELOG.md > ${made}/changelog.gz
  COMMAND ${CMAKE_COMMAND} -E touch ${made}/changelogs.stamp
  DEPENDS ${made}/changelog.Debian ${CMAKE_SOURCE_DIR}/CHANGELOG.md)
add_custom_target(package_parts ALL DEPENDS ${made}/man.stamp ${made}/changelogs.stamp)

install(TARGETS millrace RUNTIME DESTINATION usr/bin)
install(DIRECTORY ${made}/man/ DESTINATION usr/share/man/man1 FILES_MATCHING PATTERN "*.1.gz")
install(FILES debezium/postgres.json DESTINATION usr/share/millrace)
install(FILES ${here}/millrace@.service DESTINATION lib/systemd/system)
install(DIRECTORY DESTINATION etc/millrace)
install(FILES ${here}/copyright ${here}/README.Debian ${made}/changelog.gz ${made}/changelog.Debian.gz DESTINATION ${doc})
install(FILES SECURITY.md DESTINATION ${doc})
install(FILES sql/README.md DESTINATION ${doc} RENAME figures.md)
install(FILES debezium/README.md DESTINATION ${doc} RENAME connector.md)
install(FILES .env.example DESTINATION ${doc}/examples RENAME env.example)
install(DIRECTORY sql/figures sql/alerts sql/batch DESTINATION ${doc}/examples/shop)
install(FILES sql/init.sql DESTINATION ${doc}/examples/shop)
install(FILES docs/metrics.md docs/runbook.md DESTINATION ${doc})
install(FILES deploy/prometheus/rules.yaml DESTINATION ${doc}/examples RENAME prometheus-rules.yaml)
install(FILES deploy/grafana/millrace.json DESTINATION ${doc}/examples RENAME grafana-dashboard.json)

include(CPack)
# `package` builds all that there is before, tests too; this one only what the package needs. Folders have the umask's rights.
add_custom_target(deb
  COMMAND sh -c "umask 022; exec ${CMAKE_CPACK_COMMAND} --config CPackConfig.cmake"
  WORKING_DIRECTORY ${CMAKE_BINARY_DIR} DEPENDS millrace package_parts USES_TERMINAL VERBATIM)
