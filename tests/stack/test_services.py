"""What the services are told, without starting them."""
import json
import re
import unittest

import support
import connect
import front
import generator
import install
import kafka
import node
import postgres
import redis
import services
import settings
from service import ServiceError


class Packages(support.StackTest):
    def test_every_section_that_a_service_names_has_packages(self):
        listed = install.sections(install.PACKAGES.read_text())
        for kind in services.ORDER:
            for section in kind.packages:
                self.assertTrue(listed[section], section)

    def test_a_comment_is_no_package(self):
        self.assertEqual(install.sections("# no\n[a]\none # two\n\n[b]\nthree\n"), {"a": ["one"], "b": ["three"]})


class Configuration(support.StackTest):
    def test_only_what_is_ours_is_started(self):
        found = services.make(
            self.resolve(environment={"REDIS_HOST": "redis.example", "KAFKA_BROKER": "kafka.example:9092"}))
        self.assertEqual(list(found), ["postgres", "connect", "node", "generator"])

    def test_connect_follows_the_exactly_once_setting(self):
        for setting, expected in (("on", "enabled"), ("off", "disabled")):
            text = connect.Connect(self.resolve(environment={"MILLRACE_EXACTLY_ONCE": setting})).configuration()
            self.assertIn(f"exactly.once.source.support={expected}\n", text)

    def test_every_server_listens_on_the_loopback_only(self):
        found = self.resolve()
        for text in (postgres.Postgres(found).configuration(), redis.Redis(found).configuration(),
                     kafka.Kafka(found).configuration(), connect.Connect(found).configuration()):
            addresses = re.findall(r"\d+\.\d+\.\d+\.\d+", text)
            self.assertEqual(set(addresses), {"127.0.0.1"})

    def test_no_port_of_kafka_lets_anybody_in_without_a_login(self):
        text = kafka.Kafka(self.resolve()).configuration()
        protocols = re.search(r"^listener\.security\.protocol\.map=(.*)$", text, re.MULTILINE)[1]
        self.assertEqual({part.partition(":")[2] for part in protocols.split(",")}, {"SASL_PLAINTEXT"})
        self.assertIn("authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer\n", text)
        self.assertNotIn("allow.everyone", text)
        self.assertNotIn("ANONYMOUS", text)
        controller = re.search(r"^listener\.name\.controller\..*$", text, re.MULTILINE)[0]
        self.assertNotIn(self.home.secret("KAFKA_PASSWORD"), controller, "a client has nothing to ask the controller")

    def test_clients_are_told_the_login_of_our_kafka_and_another_file_is_refused(self):
        found = self.resolve()
        self.assertEqual(found["KAFKA_PROPERTIES_FILE"], str(self.home.secrets / "kafka.properties"))
        self.assertEqual((self.home.secrets / "kafka.properties").stat().st_mode & 0o777, 0o600)
        kafka.Kafka(found).check_clients()
        self.assertIn(self.home.secret("KAFKA_PASSWORD"), connect.security(found)["producer.sasl.jaas.config"])
        other = self.folder / "kafka.properties"
        other.write_text("security.protocol=SASL_SSL\nsasl.password=x\n")
        with self.assertRaisesRegex(ServiceError, "is for another Kafka than the one that is started here"):
            kafka.Kafka(self.resolve(environment={"KAFKA_PROPERTIES_FILE": str(other)})).check_clients()
        other.write_text("linger.ms = 5\n" + (self.home.secrets / "kafka.properties").read_text())
        kafka.Kafka(self.resolve(environment={"KAFKA_PROPERTIES_FILE": str(other)})).check_clients()

    def test_a_users_own_kafka_gets_no_generated_password(self):
        self.assertIsNone(self.resolve(environment={"KAFKA_BROKER": "kafka.example:9092"}).get("KAFKA_PROPERTIES_FILE"))

    def test_kafka_connect_asks_for_the_login_that_clients_have(self):
        found = self.resolve()
        self.home.make()
        service = connect.Connect(found)
        service.prepare()
        self.assertEqual(service.login_file().read_text(), f"millrace:{found['CONNECT_PASSWORD']}\n")
        self.assertEqual(service.login_file().stat().st_mode & 0o777, 0o600)
        self.assertIn(
            f"rest.extension.classes=millrace.connect.Login\nmillrace.rest.login.file={service.login_file()}\n",
            service.configuration())
        self.assertNotIn(found["CONNECT_PASSWORD"], service.configuration())
        self.assertIsNone(self.resolve(environment={"CONNECT_URL": "http://connect.example"}).connect_login())

    def test_a_project_with_servers_of_its_own_is_told_none_of_our_logins(self):
        found = self.resolve()
        for arguments, left in ((["DIR", "--these-servers"],
                                 {"KAFKA_PROPERTIES_FILE", "CONNECT_USER",
                                  "CONNECT_PASSWORD"}), (["DIR", "--these-servers", "--brokers",
                                                          "kafka.example:9093"], {"CONNECT_USER", "CONNECT_PASSWORD"}),
                                (["DIR", "--these-servers", "--connect=http://connect.example"],
                                 {"KAFKA_PROPERTIES_FILE"}), (["DIR", "--postgres", "postgresql:///x"], set())):
            told = dict(found.environment())
            front.keep_our_logins(found, arguments, told)
            self.assertEqual(
                {name for name in ("KAFKA_PROPERTIES_FILE", "CONNECT_USER", "CONNECT_PASSWORD") if name in told}, left,
                arguments)
        given = self.resolve(environment={"KAFKA_PROPERTIES_FILE": str(self.config), "CONNECT_PASSWORD": "theirs"})
        told = dict(given.environment())
        front.keep_our_logins(given, ["DIR", "--brokers", "kafka.example:9093", "--connect", "http://connect.example"],
                              told)
        self.assertEqual((told["KAFKA_PROPERTIES_FILE"], told["CONNECT_PASSWORD"]), (str(self.config), "theirs"))

    def test_redis_never_forgets_by_itself(self):
        text = redis.Redis(self.resolve()).configuration()
        for line in ("appendonly yes", "maxmemory-policy noeviction", 'save ""'):
            self.assertIn(line + "\n", text)

    def test_data_of_a_newer_kafka_is_refused_by_name(self):
        service = kafka.Kafka(self.resolve())
        service.folder().mkdir(parents=True)
        for made_by, refused in (("4.2.2", False), ("4.1.9", False), ("4.10.0", True), (None, True)):
            note = service.folder() / "version"
            note.write_text(made_by + "\n") if made_by else note.unlink()
            if refused:
                with self.assertRaisesRegex(
                        ServiceError, f"made by Kafka {made_by or kafka.FIRST_VERSION}.*delete {service.folder()}"):
                    service.refuse_newer()
            else:
                service.refuse_newer()

    def test_a_password_with_quotes_reaches_redis_and_psql_whole(self):
        self.assertIn('requirepass "a\\"b\\\\c"\n',
                      redis.Redis(self.resolve(environment={"REDIS_PASSWORD": 'a"b\\c'})).configuration())
        self.assertEqual(postgres.quoted("it's \\ odd"), "'it''s \\\\ odd'")

    def test_a_password_with_backslashes_and_spaces_reaches_the_connector_whole(self):
        for password, written in (("a\\b", "a\\\\b"), (" a =:#b ", "\\ a =:#b "), ("é\n", "\\u00e9\\n"),
                                  ("😀", "\\ud83d\\ude00")):
            text = connect.Connect(self.resolve(environment={"MILLRACE_DEBEZIUM_PASSWORD": password})).secrets()
            self.assertEqual(text, f"database.password={written}\n")

    def test_a_connector_of_ours_is_told_where_its_password_is(self):
        found = self.resolve()
        self.home.make()
        connect.Connect(found).prepare()
        self.assertEqual(self.home.connector_secrets.stat().st_mode & 0o777, 0o600)
        self.assertEqual(found.for_programs()["MILLRACE_DEBEZIUM_PASSWORD"],
                         f"${{file:{self.home.connector_secrets}:database.password}}")
        self.assertEqual(found.environment()["MILLRACE_DEBEZIUM_PASSWORD"], found["MILLRACE_DEBEZIUM_PASSWORD"],
                         "what `env` prints may be given back to us")
        self.assertIn(f"config.providers.file.param.allowed.paths={self.home.connector_secrets}\n",
                      connect.Connect(found).configuration())

    def test_the_topics_of_a_projects_own_worker_look_like_no_table_of_it(self):
        folder = self.folder / "mine"
        folder.mkdir()
        (folder / "millrace.env").write_text("MILLRACE_PROJECT=mine\nMILLRACE_TOPIC_PREFIX=mine\n")
        text = connect.Connect(settings.resolve({}, project=folder)).configuration()
        self.assertIn("offset.storage.topic=mine-connect.offset\n", text)
        self.assertIn("offset.storage.topic=millrace.connect.offset\n", connect.Connect(self.resolve()).configuration())

    def test_a_certificate_that_the_worker_cannot_read_is_refused(self):
        certificate = self.folder / "ca.pem"
        certificate.write_text("")
        certificate.chmod(0o600)
        found = connect.Connect(self.resolve(environment={"POSTGRES_SSLROOTCERT": str(certificate)}))
        found.user = lambda: {"user": 1}
        with self.assertRaisesRegex(ServiceError, f"POSTGRES_SSLROOTCERT: the user millrace.*can't read {certificate}"):
            found.check_certificate()
        certificate.chmod(0o644)
        found.check_certificate()

    def test_somebody_elses_connect_is_told_what_was_given(self):
        for given in ("plain", "${vault:shop:debezium}"):
            found = self.resolve(
                environment={"CONNECT_URL": "http://connect.example", "MILLRACE_DEBEZIUM_PASSWORD": given})
            self.assertEqual(found.for_programs()["MILLRACE_DEBEZIUM_PASSWORD"], given)

    def test_no_password_is_part_of_a_command(self):
        found = self.resolve(environment={"MILLRACE_FIGURES": str(self.folder)})
        secrets = {
            found[name] for name in ("POSTGRES_PASSWORD", "REDIS_PASSWORD", "MILLRACE_NODE_PASSWORD",
                                     "MILLRACE_DEBEZIUM_PASSWORD", "MILLRACE_HTTP_TOKEN", "CONNECT_PASSWORD")
        }
        for service in services.make(found).values():
            self.assertFalse([word for word in service.command() if any(secret in word for secret in secrets)],
                             service.name)


class Identity(support.StackTest):
    def test_a_figure_that_changes_leaves_the_node_as_it_is(self):
        figure = self.folder / "one.sql"
        figure.write_text("SELECT 1")
        found = node.Node(self.resolve(environment={"MILLRACE_FIGURES": str(figure)}))
        before = found.fingerprints()
        figure.write_text("SELECT 2")
        self.assertEqual(found.fingerprints(), before)  # apply takes it there

    def test_another_password_for_kafka_makes_node_and_connect_outdated(self):
        properties = self.folder / "kafka.properties"
        found = self.resolve(environment={"KAFKA_PROPERTIES_FILE": str(properties)})
        seen = []
        for password in ("one", "two"):
            properties.write_text(
                f"security.protocol=SASL_SSL\nsasl.mechanism=PLAIN\nsasl.username=joe\nsasl.password={password}\n")
            seen.append({kind.name: kind(found).fingerprints() for kind in (node.Node, connect.Connect)})
        for name, part in (("node", "Kafka's properties"), ("connect", "settings")):
            self.assertEqual([each for each in seen[0][name] if seen[0][name][each] != seen[1][name][each]], [part])

    def test_another_rate_leaves_the_generator_as_it_is(self):
        found = generator.Generator(self.resolve())
        before = found.fingerprints()
        found.rate = 5000.0
        self.assertEqual(found.fingerprints(), before)

    def test_another_password_of_debezium_makes_connect_outdated_and_is_not_shown(self):
        one, two = (connect.Connect(self.resolve(environment={"MILLRACE_DEBEZIUM_PASSWORD": value})).fingerprints()
                    for value in ("one", "two"))
        self.assertEqual([part for part in one if one[part] != two[part]], ["Debezium's password"])

    def test_another_exactly_once_setting_makes_connect_outdated(self):
        on, off = (connect.Connect(self.resolve(environment={"MILLRACE_EXACTLY_ONCE": value})).fingerprints()
                   for value in ("on", "off"))
        self.assertNotEqual(on, off)


class Template(unittest.TestCase):
    def setUp(self):
        self.text = (support.REPOSITORY / "debezium" / "postgres.json").read_text()

    def test_every_place_to_fill_is_documented(self):
        documented = (support.REPOSITORY / "debezium" / "README.md").read_text()
        for place in set(re.findall(r"\$\{\w+\}", self.text)):
            self.assertIn(f"`{place}`", documented)

    def test_every_value_is_text_and_the_topics_are_not_compacted(self):
        template = json.loads(self.text)
        self.assertTrue(all(isinstance(value, str) for value in template.values()))
        self.assertEqual({value for name, value in template.items() if name.endswith("cleanup.policy")}, {"delete"})

    def test_a_batch_is_smaller_than_the_queue_and_a_record_as_large_as_the_topic_takes(self):
        template = json.loads(self.text)
        self.assertLess(int(template["max.batch.size"]), int(template["max.queue.size"]))
        self.assertEqual(template["producer.override.max.request.size"],
                         template["topic.creation.default.max.message.bytes"])
        self.assertEqual(int(template["producer.override.max.request.size"]), kafka.RECORD_BYTES)


if __name__ == "__main__":
    unittest.main()
