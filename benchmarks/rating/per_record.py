"""The comparison: a plain per-record rater in Python, for the simplest tariff of the month.

One line at a time: subscription, longest prefix, one price per plan and zone (the day band's),
increments, amount in whole micro-units; what was rated is written as CSV. No duplicates, bands,
dates, allowances, roaming or tiers: what is left when all that makes rating hard is left out.
"""

from __future__ import annotations

import csv
import time
from decimal import Decimal
from pathlib import Path

import duckdb


def rate(folder: Path, records: int) -> dict[str, float]:
    """Rate `records` calls, messages and sessions of the month; processor and wall seconds."""
    plans = {
        row["subscription_id"]: row["product_id"]
        for row in _rows(folder, "crm/subscribed_products")
        if row["subscribed_product_id"].endswith("-plan")
    }
    numbers = {
        row["identifier"]: plans[row["subscription_id"]].replace("plan", "card")
        for row in _rows(folder, "crm/identifiers")
    }
    zones = {row["prefix"]: row["zone"] for row in _rows(folder, "ratebook/prefixes")}
    rates: dict[tuple[str, str, str], tuple[int, int, int, int]] = {}
    for row in _rows(folder, "ratebook/rates"):
        if row["direction"] == "originating" and row["visited_zone"] == "home":
            key = (row["rate_card_id"], row["service"], row["zone"])
            price = int(Decimal(row["price"]) * 1_000_000)
            first, following = int(row["first_increment"]), int(row["next_increment"])
            per = int(row["per"]) * (1_000_000 if row["unit"] == "mb" else 1)
            rates.setdefault(key, (price, per, first, following))
    longest = max(map(len, zones))
    files = sorted((folder / "cdr" / "core").glob("*.parquet"))
    cpu, wall = time.process_time(), time.perf_counter()
    rows = (
        duckdb.connect()
        .execute(
            "select record_id, service, subscriber, other_party, duration_seconds, bytes_uplink,"
            f" bytes_downlink, messages from read_parquet({[str(file) for file in files]})"
            f" limit {records}"
        )
        .fetchall()
    )
    total = 0
    rated: list[tuple[str, str, str, int, int]] = []
    for record_id, service, subscriber, called, seconds, uplink, downlink, messages in rows:
        card = numbers.get(subscriber)
        if card is None:
            continue
        if service == "data":
            zone, quantity = "*", uplink + downlink
        else:
            digits = called[2:] if called[:2] == "00" else "33" + called[1:]
            zone = "*"
            for length in range(longest, 0, -1):
                if found := zones.get(digits[:length]):
                    zone = found
                    break
            quantity = seconds if service == "voice" else messages
        found_rate = rates.get((card, service, zone)) or rates.get((card, service, "*"))
        if found_rate is None:
            continue
        price, per, first, following = found_rate
        if quantity == 0:
            units = 0
        elif quantity <= first:
            units = first
        else:
            units = first - (first - quantity) // following * following
        amount = (2 * units * price + per) // (2 * per)
        total += amount
        rated.append((record_id, card, zone, units, amount))
    with (folder / "rated.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rated)
    return {
        "cpu": time.process_time() - cpu,
        "wall": time.perf_counter() - wall,
        "records": len(rows),
        "rated": len(rated),
        "amount": total,
    }


def _rows(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
