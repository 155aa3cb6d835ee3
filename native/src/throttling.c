#include "fault.h"
#include "files.h"
#include "firmware.h"
#include "sensor.h"

static struct carillon_throttle_flags flags_of(uint32_t bits) {
  return (struct carillon_throttle_flags){
      .under_voltage = bits & 1,
      .frequency_capped = bits >> 1 & 1,
      .throttled = bits >> 2 & 1,
      .soft_temperature_limit = bits >> 3 & 1,
  };
}

/*
 * The kernel of Debian has no /dev/vcio, but asks the firmware every two seconds itself and raises an alarm of a sensor
 * while there is too little voltage.
 */
static int32_t from_kernel(const char *root, struct carillon_throttling *throttling) {
  static const char *const sensors[] = {"rpi_volt", NULL};
  int64_t alarm;
  int32_t status = read_sensor(root, &hwmons, sensors, "in0_lcrit_alarm", &alarm);
  if (status != CARILLON_OK) return status;
  if (alarm != 0 && alarm != 1) return fault(CARILLON_MALFORMED, "%s: an alarm that is neither off nor on", sensors[0]);
  const struct carillon_throttle_flags unknown = {CARILLON_UNKNOWN, CARILLON_UNKNOWN, CARILLON_UNKNOWN,
                                                  CARILLON_UNKNOWN};
  *throttling = (struct carillon_throttling){.now = unknown, .since_start = unknown};
  throttling->now.under_voltage = (int32_t)alarm;
  return CARILLON_OK;
}

int32_t carillon_throttling(const char *root, struct carillon_throttling *throttling) {
  uint32_t words[2] = {0, 0};
  int32_t asked = ask_firmware(root, FIRMWARE_THROTTLED, words);
  if (asked == CARILLON_OK) {
    *throttling = (struct carillon_throttling){.now = flags_of(words[0]), .since_start = flags_of(words[0] >> 16)};
    return CARILLON_OK;
  }
  struct kept_fault firmware = keep_fault(asked);
  int32_t kernel = from_kernel(root, throttling);
  return kernel == CARILLON_NOT_AVAILABLE && asked != CARILLON_NOT_AVAILABLE ? fault_again(&firmware) : kernel;
}
