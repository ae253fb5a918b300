"""Where a setting comes from, and which servers are ours."""
import os
import unittest

import support  # before the stack's own modules: it makes them importable

import connect
import settings
from service import ServiceError
from settings import SettingsError


class Layers(support.StackTest):
    def test_the_environment_wins_over_the_configuration_file_and_the_command_line_over_both(self):
        found = self.resolve({"MILLRACE_PROJECT": "cli"}, {"MILLRACE_PROJECT": "env", "LOG_LEVEL": "debug"},
                             "MILLRACE_PROJECT=file\nLOG_LEVEL=warn\nMILLRACE_TOPIC_PREFIX='a b' # why\n")
        self.assertEqual([found["MILLRACE_PROJECT"], found["LOG_LEVEL"], found["MILLRACE_TOPIC_PREFIX"]],
                         ["cli", "debug", "a b"])

    def test_a_later_command_knows_what_the_running_stack_was_given(self):
        self.home.make()
        support.home.write_private(self.home.shared_settings, '{"MILLRACE_HTTP_PORT": "1234", "LOG_LEVEL": "debug"}')
        found = self.resolve(environment={"LOG_LEVEL": "warn"})
        self.assertEqual([found["MILLRACE_HTTP_PORT"], found["LOG_LEVEL"]], ["1234", "warn"])

    def test_a_secret_may_come_from_a_file(self):
        (self.folder / "password").write_text("from a file\n")
        self.assertEqual(
            self.resolve(environment={"POSTGRES_PASSWORD_FILE": str(self.folder / "password")})["POSTGRES_PASSWORD"],
            "from a file")

    def test_a_secret_file_that_is_missing_is_named(self):
        with self.assertRaisesRegex(SettingsError, "REDIS_PASSWORD_FILE: /nowhere"):
            self.resolve(environment={"REDIS_PASSWORD_FILE": "/nowhere"})

    def test_a_secret_that_is_not_given_is_made_once_and_readable_by_its_owner_alone(self):
        first, second = self.resolve(), self.resolve()
        self.assertEqual(first["POSTGRES_PASSWORD"], second["POSTGRES_PASSWORD"])
        self.assertNotEqual(first["POSTGRES_PASSWORD"], first["MILLRACE_NODE_PASSWORD"])
        self.assertEqual((self.home.secrets / "POSTGRES_PASSWORD").stat().st_mode & 0o777, 0o600)

    def test_a_line_that_is_no_setting_is_named_with_its_place(self):
        with self.assertRaisesRegex(SettingsError, "settings.env:2: expected KEY=value, found 'nonsense'"):
            self.resolve(config="LOG_LEVEL=info\nnonsense\n")

    def test_a_port_that_is_no_number_is_refused(self):
        with self.assertRaisesRegex(SettingsError, "REDIS_PORT must be a whole number, not 'high'"):
            self.resolve(environment={"REDIS_PORT": "high"})

    def test_figures_are_found_from_the_folder_of_the_layer_that_names_them(self):
        (self.folder / "mine").mkdir()
        found = self.resolve(config="MILLRACE_FIGURES=mine\n")
        self.assertEqual(found["MILLRACE_FIGURES"], str(self.folder / "mine"))


class Ownership(support.StackTest):
    SERVERS = ("postgres", "redis", "kafka", "connect")

    def owned(self, environment):
        found = self.resolve(environment=environment)
        return [name for name in self.SERVERS if found.own(name)]

    def test_all_servers_are_ours_where_nothing_is_given(self):
        self.assertEqual(self.owned({}), list(self.SERVERS))

    def test_a_server_whose_address_is_given_is_somebody_elses(self):
        self.assertEqual(self.owned({"REDIS_HOST": "redis.example"}), ["postgres", "kafka", "connect"])
        self.assertEqual(self.owned({"KAFKA_BROKER": "kafka.example:9092", "CONNECT_URL": "http://connect.example"}),
                         ["postgres", "redis"])

    def test_a_port_alone_moves_our_server(self):
        found = self.resolve(environment={"POSTGRES_PORT": "16000"})
        self.assertTrue(found.own("postgres"))
        self.assertEqual(found["POSTGRES_PORT"], "16000")

    def test_our_own_addresses_given_back_to_us_are_still_ours(self):
        printed = self.resolve(environment={"POSTGRES_PORT": "16000", "MILLRACE_KAFKA_PORT": "16003"}).environment()
        self.assertEqual(self.owned(printed), list(self.SERVERS))

    def test_a_users_own_redis_gets_no_generated_password(self):
        self.assertEqual(self.resolve(environment={"REDIS_HOST": "redis.example"})["REDIS_PASSWORD"], "")

    def test_the_token_for_post_is_of_our_making_whoever_runs_the_servers(self):
        found = self.resolve(
            environment={"POSTGRES_HOST": "db.example", "POSTGRES_USER": "app", "POSTGRES_PASSWORD": "x"})
        self.assertRegex(found["MILLRACE_HTTP_TOKEN"], "^[0-9a-f]{48}$")
        self.assertEqual(self.resolve(environment={"MILLRACE_HTTP_TOKEN": "given"})["MILLRACE_HTTP_TOKEN"], "given")

    def test_with_a_users_own_database_every_program_logs_in_as_the_given_user(self):
        found = self.resolve(
            environment={"POSTGRES_HOST": "db.example", "POSTGRES_USER": "app", "POSTGRES_PASSWORD": "x"})
        self.assertEqual([found["MILLRACE_NODE_USER"], found["MILLRACE_DEBEZIUM_PASSWORD"], found["POSTGRES_PORT"]],
                         ["app", "x", "5432"])


class Projects(support.StackTest):
    """A folder with millrace.env, as `init` writes it."""

    def project(self, text, environment=None):
        (self.folder / "mine").mkdir(exist_ok=True)
        (self.folder / "mine" / "millrace.env").write_text(text)
        return settings.resolve({}, environment or {}, project=self.folder / "mine")

    def test_the_environment_of_another_stack_does_not_reach_it(self):
        found = self.project(
            "MILLRACE_PROJECT=mine\nREDIS_HOST=redis.example\n",
            {"MILLRACE_PROJECT": "shop", "POSTGRES_DB": "shop", "REDIS_PASSWORD": "x", "MILLRACE_HOME": "/elsewhere"})
        self.assertEqual([found["MILLRACE_PROJECT"], found["REDIS_PASSWORD"], found.home.root],
                         ["mine", "", self.folder / "mine" / ".millrace"])

    def test_its_paths_are_from_its_folder(self):
        (self.folder / "mine").mkdir()
        (self.folder / "mine" / "password").write_text("secret\n")
        found = self.project("MILLRACE_FIGURES=figures\nPOSTGRES_PASSWORD_FILE=password\nMILLRACE_HOME=../state\n")
        self.assertEqual([found["MILLRACE_FIGURES"], found["POSTGRES_PASSWORD"], found.home.root.resolve()],
                         [str(self.folder / "mine" / "figures"), "secret", self.folder / "state"])

    def test_an_address_at_the_usual_port_of_ours_is_another_stacks(self):
        found = self.project("POSTGRES_HOST=127.0.0.1\nPOSTGRES_PORT=15401\nKAFKA_BROKER=127.0.0.1:15403\n")
        self.assertEqual(
            [name for name in ("postgres", "redis", "kafka", "connect", "node", "generator") if found.own(name)],
            ["redis", "connect", "node"])

    def test_its_verify_pauses_no_generator(self):
        self.assertEqual(self.project("")["MILLRACE_GENERATOR_PORT"], "0")

    def test_a_missing_project_folder_is_refused_with_the_command_that_writes_one(self):
        with self.assertRaisesRegex(SettingsError, "there is no millrace.env in this folder; `millrace init"):
            settings.resolve({}, {}, project=self.folder)

    def test_the_programs_are_told_nothing_of_the_callers_settings(self):
        found = self.project("REDIS_HOST=redis.example\n")
        os.environ["REDIS_USER"] = "callers"
        self.addCleanup(os.environ.pop, "REDIS_USER")
        self.assertNotIn("REDIS_USER", found.child_environment())
        self.assertIn("PATH", found.child_environment())


class KafkaSecurity(support.StackTest):
    def security(self, text):
        (self.folder / "kafka.properties").write_text(text)
        return connect.security(
            self.resolve(environment={"KAFKA_PROPERTIES_FILE": str(self.folder / "kafka.properties")}))

    def test_a_login_becomes_javas_for_the_worker_and_its_clients(self):
        certificate = self.folder / "ca.pem"
        certificate.write_text("-----BEGIN\nEND-----\n")
        found = self.security(
            "# ours\nsecurity.protocol = sasl_ssl\nsasl.mechanism=SCRAM-SHA-512\nsasl.username=joe\n"
            "sasl.password=a\"b\\cé\n"
            f"ssl.ca.location={certificate}\nssl.endpoint.identification.algorithm=none\n")
        for prefix in ("", "producer.", "consumer.", "admin."):
            self.assertEqual(found[prefix + "security.protocol"], "SASL_SSL")
            self.assertEqual(found[prefix + "ssl.truststore.type"], "PEM")
            self.assertEqual(found[prefix + "ssl.truststore.certificates"], "-----BEGIN\\nEND-----\\n")
            self.assertEqual(found[prefix + "ssl.endpoint.identification.algorithm"], "")
            self.assertIn('ScramLoginModule required username="joe" password="a\\\\"b\\\\\\\\c\\u00e9";',
                          found[prefix + "sasl.jaas.config"])

    def test_a_certificate_that_is_not_found_from_everywhere_is_refused(self):
        for path, why in (("ca.pem", "an absolute path"), (f"{self.folder}/none.pem", "No such file")):
            with self.assertRaisesRegex(ServiceError, rf"kafka\.properties: ssl\.ca\.location: {path}.*{why}"):
                self.security(f"security.protocol=ssl\nssl.ca.location={path}\n")

    def test_a_property_without_a_counterpart_is_refused_by_name(self):
        for text, name in (("ssl.key.location=/key.pem\n", "ssl.key.location"),
                           ("enable.ssl.certificate.verification=false\n", "enable.ssl.certificate.verification"),
                           ("security.protocol=SASL_SSL\n", "sasl.mechanism=GSSAPI")):
            with self.assertRaisesRegex(ServiceError, name + " can't be passed on"):
                self.security(text)


class Rate(support.StackTest):
    def test_the_rate_is_records_per_interval(self):
        found = self.resolve(environment={"MOCK_DATA_RECORDS_PER_BATCH": "50", "MOCK_DATA_INTERVAL_SECONDS": "5"})
        self.assertEqual([found.rate(), found.rate_is_given()], [10.0, True])

    def test_without_any_setting_the_rate_is_the_default(self):
        found = self.resolve()
        self.assertEqual([found.rate(), found.rate_is_given()], [settings.DEFAULT_RATE, False])


class Documents(support.StackTest):
    def test_every_setting_is_in_the_example_file(self):
        example = (support.REPOSITORY / ".env.example").read_text()
        self.assertEqual([name for name in settings.DEFAULTS if f"#{name}=" not in example], [])


if __name__ == "__main__":
    unittest.main()
