"""Ten patients as a clinic knows them on a Wednesday evening: good weeks, bad ones, and one that is silent."""

from dataclasses import dataclass, field
from datetime import timedelta
from math import exp, sin
from typing import Any
from uuid import UUID

from alerts.life import State
from tests.monitor_api.screens.clinic import DOSES, Clinic
from vocabulary.devices import Modality
from vocabulary.identity import DeviceUid, SessionId

LED, RF = Modality.LED, Modality.RF
OVER = 1.15
LENGTHS_S = {LED: 600, RF: 240}


@dataclass
class Treated:
    """A patient with a device, and the sessions of a fortnight."""

    clinic: Clinic
    id: UUID
    uid: DeviceUid
    modality: Modality
    sessions: list[SessionId] = field(default_factory=list)
    counter: int = 0

    def session(self, days_ago: int, part: float = 1.0, minutes: int = 0, **facts: Any) -> SessionId:
        """A session in the evening of a day, with a part of the prescribed dose."""
        self.counter += 1
        length_s = round(LENGTHS_S[self.modality] * min(part, 1.3))
        usual = {
            "modality": self.modality,
            "active_s": length_s,
            "elapsed_s": length_s + 4,
            "planned_s": LENGTHS_S[self.modality],
            "dose_value": DOSES[self.modality] * part,
            "regimen_id": self.regimen,
            "regimen_version": None if self.regimen is None else 1,
            "highest_skin_celsius": 36.4 if self.modality is LED else 40.8,
            "samples_stored": length_s,
            "end_reason": "user" if part < 0.9 else "done",
        }
        began = self.clinic.now - timedelta(days=days_ago, minutes=20 + minutes)
        made = self.clinic.session(self.id, self.uid, self.counter, began, **(usual | facts))
        self.sessions.append(made)
        return made

    regimen: UUID | None = None


def treated(clinic: Clinic, name: str, days: str, modality: Modality = LED, born: int = 1961, **last: Any) -> Treated:
    """`days`: one letter a day up to today: a fifth of the dose (1-5), o over the limit, . none, ? not known.

    `last` are facts of the last session.
    """
    patient = clinic.patient(name, born=born)
    one = Treated(clinic, patient, clinic.device(patient, modality, model=MODELS[modality]), modality)
    one.regimen = clinic.regimen(patient, modality)
    for days_ago, letter in zip(range(len(days) - 1, -1, -1), days, strict=True):
        if letter == "?":
            one.counter += 1
        elif letter != ".":
            minutes = 7 * (days_ago % 3)
            facts = last if not days[len(days) - days_ago :].strip(".?") else {}
            one.session(days_ago, OVER if letter == "o" else int(letter) / 5, minutes, **facts)
    if not days.endswith("?"):
        clinic.prove(one.uid, one.counter)
    return one


MODELS = {LED: "Glow 2", RF: "Tone 1"}


def fill(clinic: Clinic) -> dict[str, Treated]:
    """The patients by their first names."""
    with clinic.filling():
        clinic.user("physician", "Dr Maja Okafor")
        cohort = {
            "Petra": treated(clinic, "Petra Garcia", "5.5.4..5.5..3.5", RF, 1955, highest_skin_celsius=43.6),
            "Goran": treated(clinic, "Goran Brandt", "5..5.5...5.5.2.", RF, 1963, highest_skin_celsius=42.9),
            "Jun": treated(clinic, "Jun Ito", "55.54.55o.55.oo", LED, 1979, samples_stored=630, samples_missing=60),
            "Hye": treated(clinic, "Hye Adler", "5.5555..5.535.5", LED, 1994),
            "Ben": treated(clinic, "Ben Haas", "4.55.?55.5.5.5.", LED, 1987),
            "Mo": treated(clinic, "Mo Eriksen", "5.5.5..5.5..5..", RF, 1961),
            "Tova": treated(clinic, "Tova Lind", "55.55..55.555..", LED, 1986),
            "Emre": treated(clinic, "Emre Costa", "5.55.5?????????", LED, 1993),
            "Omar": treated(clinic, "Omar Faye", "555.55.55.555.5", LED, 2004),
            "Inès": treated(clinic, "Inès Dubois", "5.5.5.5.5...5.5", RF, 1970),
        }
        raise_alerts(clinic, cohort)
        note_weeks(clinic, cohort)
        clinic.sum_up(*(one.id for one in cohort.values()))
    hot_session(cohort["Petra"])
    full_session(cohort["Jun"])
    return cohort


def note_weeks(clinic: Clinic, cohort: dict[str, Treated]) -> None:
    """What is excused, answered and was found over the weeks."""
    petra, jun = cohort["Petra"].id, cohort["Jun"].id
    clinic.excuse(petra, 9, 3, "Travels without the device")
    clinic.excuse(petra, 30, 2, "A cold", withdrawn_at=clinic.now - timedelta(days=29))
    clinic.answered(petra, "III", photosensitised=False)
    clinic.weeks_showed(petra, "2 of the last 5 sessions were off the prescribed days", 12)
    clinic.weeks_showed(
        petra, "The clock of the device is not known well enough", 10, rule="clock-tampered", outcome="undetermined"
    )
    for weeks_ago in range(1, 7):
        until = clinic.now - timedelta(weeks=weeks_ago)
        because = f"{weeks_ago} of 3 slots were missed"
        clinic.weeks_showed(jun, because, 7 * weeks_ago + 5, severity="low", cleared_at=until)
    clinic.weeks_showed(
        jun, "Sessions drift: 9 min, where 10 min were usual", 3, sessions=[str(cohort["Jun"].sessions[-1])]
    )


def raise_alerts(clinic: Clinic, cohort: dict[str, Treated]) -> None:
    def ago(**span: float) -> dict[str, Any]:
        at = clinic.now - timedelta(**span)
        return {"event_at": at - timedelta(minutes=1), "raised_at": at}

    def raised(name: str, severity: str, rule: str, because: str, **said: Any) -> None:
        one = cohort[name]
        clinic.finding(one.sessions[-1], rule, severity, because)
        clinic.alert(one.id, one.uid, one.sessions[-1], severity, rule=rule, because=because, **said)

    taken = {"state": State.ACKNOWLEDGED, "acknowledged_by": clinic.user("physician", "Dr Jonas Haller")}
    raised("Petra", "high", "too-hot", "Skin at 43.6 °C, above 42.5 °C for 15 s", **ago(minutes=18))
    raised(
        "Goran",
        "high",
        "too-hot",
        "Skin at 42.9 °C, above 42.5 °C for 6 s",
        found_late=True,
        **ago(hours=16),
    )
    raised("Jun", "medium", "over-dose", "Dose 20.7 J/cm2, the limit is 19.8", **ago(minutes=9))
    raised("Hye", "medium", "too-soon", "3.5 h after the session before, the shortest rest is 12 h", **ago(hours=1))
    raised("Mo", "low", "contact-lost", "Without contact for 48 s while emitting", **ago(hours=47))
    raised(
        "Tova",
        "medium",
        "too-long",
        "Emitted for 11.4 min, the limit is 11.0",
        acknowledged_at=clinic.now - timedelta(hours=22),
        **taken,
        **ago(hours=47),
    )


def hot_session(one: Treated) -> None:
    """Four minutes of RF; the tip stood still from 2:30 on, and half a minute of contact was lost before."""
    seconds = range(240)
    skin = [34 + 6.9 * (1 - exp(-s / 45)) + 0.12 * sin(s / 3) + bump(s, 150, 171, 2.7) for s in seconds]
    power = [0.0 if s < 2 else 8 + 0.25 * sin(s / 5) - 3.5 * (60 <= s < 78) for s in seconds]
    energy = [sum(power[: s + 1]) for s in seconds]
    one.clinic.samples(
        one.uid,
        one.counter,
        RF,
        skin_celsius=[round(value, 2) for value in skin],
        rf_power_w=[round(value, 2) for value in power],
        rf_energy_j=[round(value, 1) for value in energy],
        signs=[0 if 60 <= s < 78 else 1 for s in seconds],
        remaining_s=[239 - s for s in seconds],
    )


def full_session(one: Treated) -> None:
    """Eleven minutes of light, with a minute of samples that the link lost."""
    seconds = range(690)
    wave = [30 + 0.4 * sin(s / 9) for s in seconds]
    columns = {
        "skin_celsius": [round(33 + 3.2 * (1 - exp(-s / 120)) + 0.08 * sin(s / 4), 2) for s in seconds],
        "irradiance_mw_per_cm2": [round(value, 2) for value in wave],
        "fluence_j_per_cm2": [round(sum(wave[: s + 1]) / 1000, 2) for s in seconds],
    }
    for first, last in ((0, 300), (360, 690)):
        one.clinic.samples(
            one.uid, one.counter, LED, first, **{name: values[first:last] for name, values in columns.items()}
        )
    one.clinic.gap(one.sessions[-1], 300, 359)


def bump(s: int, start: int, end: int, height: float) -> float:
    """A rise that ends as it began."""
    return height * min(1.0, (s - start) / 5, (end - s) / 4) if start <= s < end else 0.0
