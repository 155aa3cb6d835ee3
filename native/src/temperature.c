#include "fault.h"
#include "files.h"
#include "firmware.h"
#include "sensor.h"

/* Of the processor itself. `acpitz` is left out: on many boards it is a constant, or somewhere in the case. */
static const char *const zones[] = {"cpu-thermal", "cpu_thermal", "soc-thermal", "soc_thermal", "x86_pkg_temp", NULL};
/* Processors that have no thermal zone. */
static const char *const sensors[] = {"k10temp", "coretemp", NULL};

static int32_t in_thousandths(const char *root, int64_t *thousandths) {
  uint32_t words[2] = {0, 0};
  int32_t asked = ask_firmware(root, FIRMWARE_TEMPERATURE, words);
  if (asked == CARILLON_OK) {
    *thousandths = words[1];
    return CARILLON_OK;
  }
  struct kept_fault firmware = keep_fault(asked);
  int32_t zone = read_sensor(root, &thermal_zones, zones, "temp", thousandths);
  if (zone != CARILLON_NOT_AVAILABLE) return zone;
  int32_t sensor = read_sensor(root, &hwmons, sensors, "temp1_input", thousandths);
  return sensor == CARILLON_NOT_AVAILABLE && asked != CARILLON_NOT_AVAILABLE ? fault_again(&firmware) : sensor;
}

int32_t carillon_temperature(const char *root, double *celsius) {
  int64_t thousandths;
  int32_t status = in_thousandths(root, &thousandths);
  if (status != CARILLON_OK) return status;
  if (thousandths < -40000 || thousandths > 150000)
    return fault(CARILLON_MALFORMED, "no processor has %lld thousandths of a degree", (long long)thousandths);
  *celsius = (double)thousandths / 1000;
  return CARILLON_OK;
}
