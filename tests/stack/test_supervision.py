"""What the keeper, the supervisor and the control channel do when things die."""
import os
import pathlib
import signal
import socket
import subprocess
import sys
import threading
import unittest

import support
import control
import keeper
import processes
import supervisor
from keeper import Keeper
from service import Service, ServiceError


class Command(Service):
    """A shell command as a service; ready once it has made a file."""

    name = "command"
    stop_seconds = 1

    def __init__(self, settings, script):
        super().__init__(settings)
        self.script = script
        self.set_ups = 0

    def user(self):
        return {}

    def command(self):
        return ["/bin/sh", "-c", self.script]

    def is_ready(self):
        return (self.home.root / "ready").exists()

    def set_up(self):
        self.set_ups += 1


class Keeping(support.StackTest):
    def keep(self, script):
        self.home.make()
        self.service = Command(self.resolve(), f"cd {self.home.root}; {script}")
        kept = Keeper(self.service, lambda: None)
        self.addCleanup(kept.stop)
        kept.start()
        return kept

    def test_a_service_is_ready_once_it_answers_and_is_set_up(self):
        kept = self.keep("touch ready; exec sleep 100")
        self.eventually(lambda: kept.state == "ready", "never ready")
        self.assertEqual(self.service.set_ups, 1)

    def test_a_service_that_dies_is_started_again(self):
        kept = self.keep("touch ready; exec sleep 100")
        self.eventually(lambda: kept.state == "ready", "never ready")
        first = kept.signal(signal.SIGKILL)
        self.eventually(lambda: kept.state == "ready" and kept.pid != first, "not started again")
        self.assertEqual(kept.restarts, 1)
        self.assertNotIn(first, [kept.pid])

    def test_a_service_that_was_ready_before_it_died_has_not_failed_to_start(self):
        kept = self.keep("touch ready; exec sleep 100")
        for deaths in (1, 2, 3):
            self.eventually(lambda: kept.state == "ready" and kept.restarts == deaths - 1, "never ready")
            kept.signal(signal.SIGKILL)
        self.eventually(lambda: kept.restarts == 3, "not started again")
        self.assertEqual(kept.failures, 0)

    def test_a_service_that_dies_at_once_is_tried_with_growing_pauses(self):
        kept = self.keep("date +%s.%N >> starts; exit 3")
        self.eventually(lambda: kept.restarts >= 3, "given up")
        kept.stop()
        starts = [float(line) for line in (self.home.root / "starts").read_text().split()]
        pauses = [later - earlier for earlier, later in zip(starts, starts[1:])]
        self.assertGreaterEqual(pauses[0], keeper.FIRST_BACKOFF)
        self.assertGreaterEqual(pauses[1], 2 * keeper.FIRST_BACKOFF)
        self.assertEqual(kept.error, "ended with status 3")

    def test_a_service_that_cannot_be_prepared_says_why(self):
        def fails():
            raise ServiceError("no room")
        kept = self.keep("exec sleep 100")
        kept.stop()
        self.service.prepare = fails
        kept.start()
        self.eventually(lambda: kept.error == "no room", "no reason given")

    def test_a_service_that_ignores_its_signal_is_killed_when_its_time_is_over(self):
        kept = self.keep("trap '' TERM; touch ready; while :; do sleep 0.1; done")
        self.eventually(lambda: kept.state == "ready", "never ready")
        pid, began = kept.pid, kept.began
        kept.stop()
        self.assertFalse(processes.is_alive(pid, began))
        self.assertEqual(kept.state, "stopped")

    def test_a_service_that_is_killed_and_held_stays_down_until_it_is_started(self):
        kept = self.keep("touch ready; exec sleep 100")
        self.eventually(lambda: kept.state == "ready", "never ready")
        kept.hold()
        self.assertEqual([kept.state, kept.pid], ["stopped", None])
        kept.start()
        self.eventually(lambda: kept.state == "ready", "not started")

    def test_a_service_that_is_stopped_while_it_waits_to_start_again_stops_at_once(self):
        kept = self.keep("exit 1")
        self.eventually(lambda: kept.state == "backoff", "not tried again")
        kept.stop()
        self.assertEqual(kept.state, "stopped")

    def test_what_runs_is_outdated_when_its_settings_change(self):
        kept = self.keep("touch ready; exec sleep 100")
        self.eventually(lambda: kept.state == "ready", "never ready")
        self.assertEqual(kept.outdated(), [])
        kept.replace(Command(self.resolve(), "exec sleep 200"))
        self.assertEqual(kept.outdated(), ["settings"])


class Channel(support.StackTest):
    def test_the_channel_works_however_deep_the_folder_lies(self):
        self.home = support.home.Home(self.folder / ("deep" * 20) / ("deeper" * 20), support.REPOSITORY)
        self.home.make()
        supervisor.Supervisor(self.home).serve()
        self.assertEqual(control.ask(self.home, "ping")["pid"], os.getpid())

    def test_an_unknown_service_is_refused_and_the_known_ones_are_named(self):
        self.home.make()
        one = supervisor.Supervisor(self.home)
        one.serve()
        self.addCleanup(one.ended.set)
        with self.assertRaisesRegex(control.ControlError, "runs no service 'nginx'"):
            control.ask(self.home, "stop", name="nginx")

    def test_without_a_supervisor_the_verb_says_so(self):
        self.home.make()
        with self.assertRaises(control.NotRunning):
            control.ask(self.home, "ping")


class Supervision(support.StackTest):
    def start(self):
        self.home.make()
        script = support.REPOSITORY / "deploy/stack/supervisor.py"
        process = subprocess.Popen([sys.executable, script, self.home.root], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.STDOUT)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.eventually(lambda: control.is_running(self.home), "the supervisor doesn't answer")
        return process

    def test_sigterm_ends_the_supervisor_and_nothing_of_its_channel_stays(self):
        process = self.start()
        process.terminate()
        self.assertEqual(process.wait(20), 0)
        self.assertFalse(self.home.socket.exists())

    def test_a_second_supervisor_for_the_same_home_refuses_to_run(self):
        self.start()
        script = support.REPOSITORY / "deploy/stack/supervisor.py"
        second = subprocess.run([sys.executable, script, self.home.root], capture_output=True, text=True, timeout=20)
        self.assertEqual(second.returncode, 1)
        self.assertIn("another supervisor runs", second.stderr)

    def test_what_a_dead_supervisor_left_behind_is_ended_by_the_next(self):
        self.home.make()
        orphan = subprocess.Popen(["sleep", "1000"], start_new_session=True)
        threading.Thread(target=orphan.wait, daemon=True).start()
        began = processes.start_time(orphan.pid)
        support.home.write_private(self.home.state,
                                   '{"services": {"redis": {"pid": %d, "began": %d}}}' % (orphan.pid, began))
        self.start()
        self.eventually(lambda: not processes.is_alive(orphan.pid, began), "the orphan lives")

    def test_a_process_that_only_reuses_the_number_of_an_orphan_is_left_alone(self):
        self.home.make()
        other = subprocess.Popen(["sleep", "1000"], start_new_session=True)
        self.addCleanup(other.wait)
        self.addCleanup(other.kill)
        began = processes.start_time(other.pid)
        support.home.write_private(self.home.state,
                                   '{"services": {"redis": {"pid": %d, "began": %d}}}' % (other.pid, began - 1))
        supervisor.Supervisor(self.home).end_orphans()
        self.assertTrue(processes.is_alive(other.pid, began))

    def test_a_log_past_its_bound_is_cut_and_one_older_part_is_kept(self):
        self.home.make()
        log = self.home.log("redis")
        one = supervisor.Supervisor(self.home)
        one.settings = self.resolve(environment={"MILLRACE_LOG_BYTES": "1000"})
        self.addCleanup(one.ended.set)
        with log.open("ab") as writer:
            writer.write(b"x" * 2000)
            writer.flush()
            threading.Thread(target=one.watch, daemon=True).start()
            self.eventually(lambda: log.stat().st_size == 0, "not cut")
            writer.write(b"next")
        self.assertEqual([log.read_bytes(), pathlib.Path(f"{log}.1").stat().st_size], [b"next", 2000])


class Machine(support.StackTest):
    def test_who_holds_a_port_is_named(self):
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            port = listener.getsockname()[1]
            self.assertFalse(processes.port_is_free(port))
            self.assertIn(f"pid {os.getpid()}", processes.port_holder(port))
        self.assertTrue(processes.port_is_free(port))


if __name__ == "__main__":
    unittest.main()
