"""The main job, walked over HTTP like any client would; it imports nothing of the product."""

from collections.abc import Callable
from pathlib import Path

import httpx

from config.launch.walk import admission, booking, scheduling, visit
from config.launch.walk.figures import now
from config.launch.walk.ground import Failed, Walk, say

Step = Callable[[Walk], None]
STEPS: tuple[Step, ...] = (
    admission.it_is_up,
    admission.a_patient_signs_up,
    admission.gates_are_closed,
    admission.the_intake_is_screened,
    admission.a_clinician_decides,
    admission.the_consents_are_signed,
    booking.slots_are_offered,
    booking.a_session_is_booked,
    booking.its_messages_are_planned,
    booking.it_is_nobody_elses,
    booking.it_is_rescheduled,
    booking.a_consultation_comes_and_goes,
    booking.it_is_given_up,
    scheduling.a_course_is_booked,
    scheduling.a_day_is_planned,
    scheduling.the_course_is_given_up,
    visit.the_nurse_opens_her_route,
    visit.the_rules_refuse_a_hasty_start,
    visit.the_infusion_is_given,
    visit.the_patient_is_discharged,
    visit.the_record_is_whole,
    visit.the_warning_is_sent,
    visit.the_dispatcher_sees_the_day,
)


def main(*, base_url: str, outbox_dir: Path) -> int:
    """Walk every step, printing what came back; gives 0 only if all held."""
    began = now()
    with httpx.Client(base_url=base_url, timeout=30) as client:
        walk = Walk(client=client, outbox=outbox_dir)
        for number, step in enumerate(STEPS, start=1):
            title = (step.__doc__ or "").strip().rstrip(".")
            print(f"\n{number:>2}. {title}", flush=True)
            problem = _problem(step, walk)
            if problem:
                say(f"FAILED: {problem}")
                print(f"\nThe walk stopped at step {number} of {len(STEPS)}: {title}.", flush=True)
                return 1
    seconds = (now() - began).total_seconds()
    print(f"\nAll {len(STEPS)} steps of the main job held, in {seconds:.0f} s.", flush=True)
    return 0


def _problem(step: Step, walk: Walk) -> str:
    """Run a step; return what did not hold, or nothing."""
    try:
        step(walk)
    except Failed as failed:
        return str(failed)
    except httpx.HTTPError as error:
        return f"no answer after: {walk.last or 'nothing'} ({error!r})"
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        return f"an answer is not as the contract says ({error!r}); {walk.last}"
    return ""
