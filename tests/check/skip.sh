# SPDX-License-Identifier: BSD-2-Clause
# skip "what is missing": ends the check as skipped, or as failed where XTG_REQUIRE lists `check` (CI).
skip() {
  echo "skipped: $1"
  case ",${XTG_REQUIRE:-}," in
  *,check,*) exit 1 ;;
  esac
  exit 77
}
